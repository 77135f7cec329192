"""How right the best model is at each setting of its knobs, in the report's words."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voxnas.problems.amp.figures import SCORE
from voxnas.records.record import Record
from voxnas.utils.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

DETAIL = "settings"
MAX_ROWS = 40  # of a table


def settings_table(best: "pd.Series") -> str:
    """A paragraph and a table of the candidate's ESR at each setting; empty where it follows no knobs."""
    scores = settings_of(best)
    if not scores:
        return ""
    shown = sorted(scores, key=lambda score: -score["test_esr"])[:MAX_ROWS]
    kept = any(score["held_out"] for score in scores)
    header = [*shown[0]["setting"], "validation ESR", "test ESR", *["kept back"] * kept]
    rows = [
        [
            *map(_text, score["setting"].values()),
            *(SCORE.text(score[section]) for section in ("val_esr", "test_esr")),
            *["yes" if score["held_out"] else ""] * kept,
        ]
        for score in shown
    ]
    left = f" The worst {MAX_ROWS} of {len(scores)}:" if len(scores) > MAX_ROWS else ""
    trained_nothing = " Those kept back trained nothing: there the model reads between the others." * kept
    about = (
        f"**At each setting**: the ESR of `{best['candidate']}`, the worst first. The score is the mean over"
        f" the settings that train.{trained_nothing}{left}"
    )
    lines = [header, ["---:"] * len(header), *rows]
    return "\n".join([about, "", *(f"| {' | '.join(line)} |" for line in lines)])


def settings_of(row: "pd.Series") -> list[Mapping[str, Any]]:
    """The scores that a candidate's record has, in the order of its data's table."""
    try:
        found = Record.read(Path(row["folder"])).details.get(DETAIL) if row["folder"] else None
    except InputError:
        return []
    return list(found or [])


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
