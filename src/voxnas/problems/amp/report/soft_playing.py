"""How right the best model is where the guitar is played softly, in the report's words."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voxnas.problems.amp.figures import SCORE
from voxnas.problems.amp.levels import HALF_DB, SHORTEST_S
from voxnas.records.record import Record
from voxnas.utils.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

WORSE = 2.0  # times the ESR at full level, from which on it is worth a word
WORTH_ASKING_DB = 40  # a take without anything so soft cannot tell


def soft_playing(best: "pd.Series") -> str:
    """A paragraph about the candidate's figures of soft playing; empty where it has none."""
    levels = _levels(best)
    if not levels:
        return ""
    loud, soft = levels[0], levels[1:]
    said = [f"{SCORE.text(loud['esr'])} within {HALF_DB:.0f} dB of the loudest", *map(_said, soft)]
    return (
        f"**Played softly**: the ESR of `{best['candidate']}` over the validation and test sections, by how"
        f" loud the dry guitar is there: {'; '.join(said)}.{_verdict(loud, soft)} These are the soft notes"
        " and decays of this take; what the amp makes of the same riff at a lower volume it cannot tell for"
        " certain."
    )


def _said(level: Mapping[str, Any]) -> str:
    if level["seconds"] < SHORTEST_S:
        figure = f"less than {SHORTEST_S:g} s of it"
    elif level["esr"] is None:
        figure = "little but hum and hiss"
    else:
        noise = level["noise"] or 0.0  # more than the ESR where it comes from the input: then it is learnt
        told = 0.5 * level["esr"] <= noise <= level["esr"]
        hiss = f", of which hum and hiss alone may cost {noise:.2g}" if told else ""
        figure = f"{SCORE.text(level['esr'])} ({level['seconds']:.1f} s{hiss})"
    return f"around {level['below_db']} dB below it {figure}"


def _verdict(loud: Mapping[str, Any], soft: Sequence[Mapping[str, Any]]) -> str:
    known = [level for level in soft if level["esr"] is not None]
    factor = max((level["esr"] / loud["esr"] for level in known if loud["esr"]), default=0.0)
    if factor >= WORSE:
        return f" That is up to {factor:.1f} times the ESR at full level."
    if not any(level["below_db"] >= WORTH_ASKING_DB for level in known):
        return " To find out, record a passage with the guitar's volume turned down, too."
    return " That is about as right as at full level."


def _levels(best: "pd.Series") -> list[dict[str, Any]]:
    """The levels that its record has, the loudest first."""
    try:
        found = Record.read(Path(best["folder"])).details.get("soft_playing") if best["folder"] else None
    except InputError:
        return []
    return list(found or [])
