"""What listeners said in blind tests, beside the figures: answers that `report.html` saved."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voxnas.report.review import Review
from voxnas.report.tables import markdown

if TYPE_CHECKING:
    import pandas as pd

FOLDER = "listening"  # of a study
FORMAT, SCHEMA_VERSION = "voxnas-listening", 1
REFERENCE = "target"
LEAST_REFERENCE = 90  # MUSHRA (ITU-R BS.1534) leaves out who rates the hidden reference lower
MOST_BYTES = 2**20
LEAST_RANKED = 3
HEADING = "## What listeners said"


@dataclass(frozen=True)
class Part:
    """Some lines, and a table under them unless it has no rows."""

    words: str
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()

    def plain(self) -> dict[str, Any]:
        """As the page takes it."""
        return {"words": self.words, "header": list(self.header), "rows": [list(row) for row in self.rows]}

    def text(self) -> str:
        """As Markdown."""
        table = markdown(self.header, self.rows, "l" + "r" * (len(self.header) - 1)) if self.rows else ""
        return "\n\n".join(filter(None, [self.words, table]))


@dataclass(frozen=True)
class Answers:
    """Blind tests of a study, and a line for each file that holds none."""

    comparisons: Sequence[Mapping[str, Any]] = ()
    ratings: Sequence[Mapping[str, Any]] = ()
    notices: Sequence[str] = ()


def read_answers(study: Path) -> Answers:
    """The answers in the folder `listening` of a study; what is damaged is left out with a notice."""
    comparisons: list[dict[str, Any]] = []
    ratings: list[dict[str, Any]] = []
    notices: list[str] = []
    for path in sorted((study / FOLDER).glob("*.json")):
        try:
            answers = _checked(path)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            notices.append(f"{path}: not answers of a blind test, left out ({_one_line(error)})")
            continue
        (comparisons if answers["kind"] == "abx" else ratings).append(answers)
    return Answers(comparisons, ratings, notices)


def _one_line(error: Exception) -> str:
    text = f"it lacks {error}" if isinstance(error, KeyError) else " ".join(str(error).split())
    return text[:120]


def _checked(path: Path) -> dict[str, Any]:
    if path.stat().st_size > MOST_BYTES:
        raise ValueError("too large for that")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if (found.get("format"), found.get("schema_version")) != (FORMAT, SCHEMA_VERSION):
        raise ValueError(f"its format is not {FORMAT} of version {SCHEMA_VERSION}")
    listener = str(found.get("listener") or path.stem)
    if found["kind"] == "abx":
        pair = (str(found["a"]), str(found["b"]))
        right = [_of_pair(t["x"], pair) == _of_pair(t["answer"], pair) for t in found["trials"]]
        if not right:
            raise ValueError("no trial in it")
        return {"kind": "abx", "listener": listener, "pair": pair, "right": sum(right), "trials": len(right)}
    if found["kind"] == "mushra":
        rounds = [{str(k): _rating(v) for k, v in r["ratings"].items()} for r in found["rounds"]]
        if not rounds or any(REFERENCE not in r for r in rounds):
            raise ValueError("a round without the hidden reference")
        return {"kind": "mushra", "listener": listener, "rounds": rounds}
    raise ValueError(f"unknown kind {found['kind']!r}")


def _of_pair(name: Any, pair: tuple[str, str]) -> str:
    if name not in pair:
        raise ValueError(f"{name!r} is neither of the two")
    return str(name)


def _rating(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise ValueError(f"a rating is from 0 to 100, not {value!r}")
    return float(value)


def listening_parts(result: Review, answers: Answers) -> list[Part]:
    """What to say of listening: the figures' agreement, and of each kind of test a table."""
    mean = _mean_ratings(answers.ratings)
    parts = [_agreement(result, {name: value for name, (value, _, _) in mean.items()})]
    if mean:
        parts.append(_rated(result, mean, answers.ratings))
    if answers.comparisons:
        parts.append(_compared(answers.comparisons))
    return [part for part in parts if part.words]


def _compared(comparisons: Sequence[Mapping[str, Any]]) -> Part:
    from scipy.stats import binomtest

    sums: dict[tuple[str, str], list[int]] = {}
    for test in comparisons:
        total = sums.setdefault((min(test["pair"]), max(test["pair"])), [0, 0])
        total[0], total[1] = total[0] + test["right"], total[1] + test["trials"]
    rows = []
    for (a, b), (right, trials) in sums.items():
        chance = binomtest(right, trials, 0.5, alternative="greater").pvalue
        low, high = binomtest(right, trials, 0.5).proportion_ci(method="wilson")
        rows.append(
            [f"{a}, {b}", f"{right} of {trials}", f"{chance:.3g}", f"{100 * low:.0f}–{100 * high:.0f} %"]
        )
    words = "ABX: how often X was told right, and the chance of so many by guessing."
    return Part(words, ["pair", "right", "p", "right, 95 %"], rows)


def _mean_ratings(ratings: Sequence[Mapping[str, Any]]) -> dict[str, tuple[float, float, int]]:
    """Name → mean, half of its 95 % interval, and the number of ratings, of listeners that count."""
    found: dict[str, list[float]] = {}
    for session in ratings:
        if np.mean([r[REFERENCE] for r in session["rounds"]]) < LEAST_REFERENCE:
            continue
        for rated in session["rounds"]:
            for name, value in rated.items():
                found.setdefault(name, []).append(value)
    return {name: (float(np.mean(v)), _half_width(v), len(v)) for name, v in found.items()}


def _half_width(values: Sequence[float]) -> float:
    from scipy.stats import t

    if len(values) < 2:
        return math.nan
    return float(t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / math.sqrt(len(values)))


def _rated(
    result: Review, mean: Mapping[str, tuple[float, float, int]], ratings: Sequence[Mapping[str, Any]]
) -> Part:
    names = ["score", *([result.sections.perceptual] if result.sections.perceptual else [])]
    figures = [result.problem.figure(name) for name in names]
    rows = []
    for name, (value, half, count) in sorted(mean.items(), key=lambda item: -item[1][0]):
        own = _row_of(result, name)
        cells = [
            figure.text(None if own is None else own[n]) for n, figure in zip(names, figures, strict=True)
        ]
        within = "–" if math.isnan(half) else f"± {half:.1f}"
        rows.append([name, f"{value:.1f}", within, str(count), *cells])
    words = (
        f"Ratings from 0 to 100 against the known target, of {len(ratings)} sessions; those that rated the"
        f" hidden target below {LEAST_REFERENCE} are not counted."
    )
    return Part(words, ["", "mean rating", "95 %", "ratings", *(f.title for f in figures)], rows)


def _row_of(result: Review, name: str) -> "pd.Series | None":
    rows = result.candidates[result.candidates["candidate"] == name]
    return None if rows.empty else rows.iloc[-1]


def _agreement(result: Review, rated: Mapping[str, float]) -> Part:
    """Rank correlations: of the perceptual figure with the score over the frontier, of both with ratings."""
    perceptual = result.sections.perceptual
    if not perceptual or perceptual not in result.candidates:
        return Part("")
    score, other = (result.problem.figure(name).title for name in ("score", perceptual))
    lines = []
    done = result.candidates[result.mask]
    if (known := _rank(done["score"], done[perceptual])) is not None:
        lines.append(
            f"Over the frontier {score} and {other} rank the candidates alike by {known:.2f} (Spearman's ρ:"
            " 1 for the same order, 0 for none in common)."
        )
    names = [name for name in rated if _row_of(result, name) is not None]
    for figure, title in (("score", score), (perceptual, other)):
        values = [row[figure] for name in names if (row := _row_of(result, name)) is not None]
        if (known := _rank(values, [-rated[name] for name in names])) is not None:
            lines.append(f"With the listeners' ratings {title} agrees by {known:.2f}.")
    return Part(" ".join(lines))


def _rank(x: Any, y: Any) -> float | None:
    """Spearman's correlation where there are enough known values that differ."""
    import pandas as pd

    pairs = np.array([x, y], dtype=float)
    pairs = pairs[:, np.isfinite(pairs).all(axis=0)]
    if pairs.shape[1] < LEAST_RANKED or any(len(set(row)) < 2 for row in pairs):
        return None
    # scipy.stats would take a second to import, of every report
    return float(np.corrcoef(pd.DataFrame(pairs.T).rank().to_numpy().T)[0, 1])
