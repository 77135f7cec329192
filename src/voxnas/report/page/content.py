"""What a page says of a study, as plain values: candidates with their figures, curves, tables."""

import itertools
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from voxnas.drawing.style import capital
from voxnas.report.curves import score_curves
from voxnas.report.importance import choices
from voxnas.report.page.sounds import inside
from voxnas.report.review import Review
from voxnas.report.rungs import LAST
from voxnas.report.summary import meaning_paragraphs, measured_rows

if TYPE_CHECKING:
    import pandas as pd

MOST_CANDIDATES = 3000
MOST_POINTS = 60  # of a curve
MOST_CURVES = 80  # per rung
MOST_ROWS = 500
SOUNDS = ("", "dry", "target")  # tracks of the page that are no candidates


def ordered(result: Review) -> "pd.DataFrame":
    """Candidates as the page has them: the frontier first, then the rest, by score; with `on_frontier`."""
    frame = result.candidates.assign(on_frontier=result.mask)
    ascending = [False, not result.problem.score.maximise]
    return frame.sort_values(["on_frontier", "score"], ascending=ascending, kind="stable").head(
        MOST_CANDIDATES
    )


def content(
    result: Review, frame: "pd.DataFrame", eliminated: "pd.DataFrame", output_dir: Path, answer: str = ""
) -> dict[str, Any]:
    """All but sounds, packed files and listeners' answers; `frame` as `ordered` gave it."""
    problem = result.problem
    names = figure_names(result, frame)
    objectives = [o.name for o in result.objectives if o.name in names]
    across = next((name for name in reversed(objectives) if name != "score"), names[-1] if names else "score")
    studies = ", ".join(sorted(set(result.records["study"]) - {""}))
    return {
        "study": studies,
        "score": capital(problem.score.title),
        "words": _words(result, len(frame)),
        "notices": [*([answer] if answer else []), *result.notices],
        "figures": {name: _figure(result, name) for name in names},
        "axes": [across, "score"],
        "columns": [n for n in dict.fromkeys([*result.sections.table, *objectives]) if n in names],
        "parallel": [n for n in dict.fromkeys(["score", *objectives]) if n in names],
        "candidates": _candidates(result, frame, names, output_dir),
        "curves": _curves(result),
        "rejected": _left(result, eliminated),
        "measured": measured_rows(result),
        "meaning": [paragraph.replace("**", "") for paragraph in meaning_paragraphs(result)],
    }


def figure_names(result: Review, frame: "pd.DataFrame") -> list[str]:
    """The figures that any finished candidate has, those of the frontier's table first."""
    known = ["score", *result.sections.table, *(o.name for o in result.objectives), *result.problem.figures]
    done = frame[frame["status"] == "ok"]
    return [n for n in dict.fromkeys(known) if n in done and any(_plain(v) is not None for v in done[n])]


def _figure(result: Review, name: str) -> dict[str, Any]:
    figure = result.problem.figure(name)
    return {"title": figure.title, "integer": figure.integer}


def _words(result: Review, shown: int) -> str:
    objectives = ", ".join(result.problem.figure(o.name).title for o in result.objectives)
    count = int(result.mask.sum())
    words = f"{len(result.candidates)} candidates; ★ and red mark the {count} of the Pareto frontier"
    words += f" of {objectives}: no other is as good in all of these and better in one."
    left = len(result.candidates) - shown
    return words + (f" Here are the first {shown}; {left} more are in all_results.csv." if left else "")


def _candidates(
    result: Review, frame: "pd.DataFrame", names: list[str], output_dir: Path
) -> list[dict[str, Any]]:
    picks: dict[int, list[str]] = {}
    for pick in result.picks:
        if pick.row is not None:
            picks.setdefault(int(pick.row), []).append(f"{pick.title}: {pick.why}")
    chosen = choices(frame, result.sections)
    formats = [str(c) for c in frame if str(c).startswith("exports.")]
    formats.sort(key=lambda c: (c.removeprefix("exports.") not in result.sections.formats, c))
    found = []
    shown = unlike(list(zip(frame["candidate"], frame["study"], strict=True)))
    for (at, row), (_, own), name in zip(frame.iterrows(), chosen.iterrows(), shown, strict=True):
        found.append(
            {
                "name": name,
                "rung": str(row["rung"]),
                "status": str(row["status"]),
                "reason": str(row["reason"] or ""),
                "frontier": bool(row["on_frontier"]),
                "picks": picks.get(int(str(at)), []),
                "choices": ", ".join(
                    f"{k} {v:g}" if isinstance(v, float) else f"{k} {v}" for k, v in own.items() if _told(v)
                ),
                "values": {figure: _plain(row[figure]) for figure in names},
                "files": [file for column in formats if (file := _file(row, column, output_dir))],
            }
        )
    return found


def unlike(candidates: Sequence[tuple[str, str]]) -> list[str]:
    """Names that differ from each other and from those of the sounds, of candidates and their studies."""
    taken = dict.fromkeys(SOUNDS)  # in order
    for candidate, study in candidates:
        tries = (f"{candidate} ({number})" for number in itertools.count(2))
        name = next(n for n in itertools.chain([candidate, f"{study}/{candidate}"], tries) if n not in taken)
        taken[name] = None
    return [*taken][len(SOUNDS) :]


def _file(row: "pd.Series", column: str, output_dir: Path) -> dict[str, Any] | None:
    name = row[column]
    path = inside(row["folder"], name) if isinstance(name, str) else None
    if path is None:
        return None
    href = Path(os.path.relpath(path, output_dir.resolve())).as_posix()
    return {"format": column.removeprefix("exports."), "name": path.name, "href": quote(href)}


def _curves(result: Review) -> list[dict[str, Any]]:
    frontier = list(result.frontier["candidate"])
    found = []
    for rung, curves in score_curves(result.records, set(frontier), set(frontier[:MOST_CURVES])).items():
        first = sorted(curves, key=lambda name: name not in frontier)[:MOST_CURVES]
        for name in reversed(first):  # the frontier's are drawn last
            points = curves[name][_evenly(len(curves[name]))]
            shown = [[int(epoch), float(f"{score:.5g}")] for epoch, score in points]
            found.append({"name": name, "rung": rung, "frontier": name in frontier, "points": shown})
    return found


def _evenly(total: int) -> list[int]:
    step = max(1, math.ceil(total / MOST_POINTS))
    return sorted({*range(0, total, step), total - 1})


def _left(result: Review, eliminated: "pd.DataFrame") -> list[list[str]]:
    rows = eliminated[eliminated["why"] != LAST].head(MOST_ROWS)
    texts = (rows["candidate"], rows["left_at"], rows["score"], rows["why"])
    return [
        [str(name), str(rung), result.problem.score.text(score), str(why)]
        for name, rung, score, why in zip(*texts, strict=True)
    ]


def _plain(value: Any) -> Any:
    """A figure as JSON has it; None where it is unknown, or no number at all."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, str):
        return value
    if isinstance(value, int | float | np.number):
        return float(f"{float(value):.6g}") if math.isfinite(float(value)) else None
    return None


def _told(value: Any) -> bool:
    return value not in (None, "") and value == value
