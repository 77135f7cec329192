"""Candidates to recommend, each for a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from voxnas.problems.base import Problem, Score
from voxnas.problems.sections import Choice
from voxnas.records.pareto import Objective, normalise, objective_values

if TYPE_CHECKING:
    import pandas as pd

MEANING = (
    "**best balance** is nearest to the frontier's best of every objective at once, each scaled to its range"
    " in logarithm"
)


@dataclass(frozen=True)
class Pick:
    """A recommendation: `row` is the candidate's position in the table, None where nothing qualifies."""

    title: str
    row: int | None
    why: str


def recommend(
    frame: "pd.DataFrame",
    mask: np.ndarray,
    objectives: Sequence[Objective],
    problem: Problem,
    choices: Sequence[Choice] = (),
) -> list[Pick]:
    """Best by score, those of the problem's choices, and best balance, among finished candidates.

    `frame` has one row per candidate, `mask` says which are on the frontier. Only candidates with a finite
    value in every objective are considered, and equals are told apart by the objectives, in their order, so
    that with the usual objectives every pick is on the frontier.
    """
    values = objective_values(frame, objectives) * [o.direction for o in objectives]
    complete = np.isfinite(values).all(axis=1)
    score = frame["score"].to_numpy(dtype=float)
    best = _lowest(-score if problem.score.maximise else score, complete, values)
    even = _lowest(_distance(values, mask), mask, values)
    return [
        Pick("best quality", best, _why_quality(score, best, problem.score)),
        *(_chosen(frame, choice, best, complete, values) for choice in choices),
        Pick("best balance", even, _why_balance(objectives, even, problem)),
    ]


def _chosen(
    frame: "pd.DataFrame", choice: Choice, best: int | None, complete: np.ndarray, values: np.ndarray
) -> Pick:
    row = _lowest(np.asarray(choice.least(frame), dtype=float), complete, values)
    if row is not None:
        return Pick(choice.title, row, choice.why(frame.iloc[row]))
    return Pick(choice.title, None, choice.otherwise(None if best is None else frame.iloc[best]))


def _lowest(figure: np.ndarray, among: np.ndarray, values: np.ndarray) -> int | None:
    """The row with the lowest finite figure, ties broken by the objectives in order."""
    rows = np.flatnonzero(among & np.isfinite(figure))
    order = np.lexsort((*values[rows].T[::-1], figure[rows]))
    return int(rows[order[0]]) if len(rows) else None


def _distance(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """From the ideal point, which has the frontier's best of everything; NaN off the frontier."""
    return np.linalg.norm(normalise(np.where(mask[:, None], values, np.nan)), axis=1)


def _why_quality(scores: np.ndarray, row: int | None, score: Score) -> str:
    if row is None:
        return "no candidate finished with every objective measured"
    word = score.quality(float(scores[row]))
    side = "highest" if score.maximise else "lowest"
    return f"{side} {score.title}, {score.text(scores[row])}" + (f" ({word})" if word else "")


def _why_balance(objectives: Sequence[Objective], row: int | None, problem: Problem) -> str:
    if row is None:
        return "there is no frontier"
    names = ", ".join(problem.figure(o.name).title for o in objectives)
    return f"closest to the frontier's best of everything at once ({names})"
