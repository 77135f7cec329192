"""The candidates to recommend, each for a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from voxnas.records.pareto import Objective, normalise, objective_values
from voxnas.report.figures import quality, text, title

if TYPE_CHECKING:
    import pandas as pd

ESR = "best_val_loss"


@dataclass(frozen=True)
class Pick:
    """A recommendation: `row` is the candidate's position in the table, None where nothing qualifies."""

    title: str
    row: int | None
    why: str


def recommend(
    frame: "pd.DataFrame", mask: np.ndarray, objectives: Sequence[Objective], max_quality_esr: float
) -> list[Pick]:
    """Best quality, best latency, most efficient and best balance among finished candidates.

    `frame` has one row per candidate, `mask` says which are on the frontier. Only candidates with a finite
    value in every objective are considered, and equals are told apart by the objectives, in their order, so
    that with the usual objectives every pick is on the frontier.
    """
    values = objective_values(frame, objectives) * [o.direction for o in objectives]
    complete = np.isfinite(values).all(axis=1)
    figures = frame[[ESR, "latency_ms", "parameters"]].to_numpy(dtype=float, copy=True)
    figures[~np.isfinite(figures)] = np.nan
    esr, latency, size = figures.T
    best = _lowest(esr, complete, values)
    fast = _lowest(np.where(esr <= max_quality_esr, latency, np.nan), complete, values)
    lean = _lowest(esr * size, complete, values)
    even = _lowest(_distance(values, mask), mask, values)
    return [
        Pick("best quality", best, _why_quality(esr, best)),
        Pick("best latency", fast, _why_latency(esr, latency, fast, best, max_quality_esr)),
        Pick("most efficient", lean, _why_efficient(esr, size, lean)),
        Pick("best balance", even, _why_balance(objectives, even)),
    ]


def _lowest(score: np.ndarray, among: np.ndarray, values: np.ndarray) -> int | None:
    """The row with the lowest finite score, ties broken by the objectives in order."""
    rows = np.flatnonzero(among & np.isfinite(score))
    order = np.lexsort((*values[rows].T[::-1], score[rows]))
    return int(rows[order[0]]) if len(rows) else None


def _distance(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """From the ideal point, which has the frontier's best of everything; NaN off the frontier."""
    return np.linalg.norm(normalise(np.where(mask[:, None], values, np.nan)), axis=1)


def _why_quality(esr: np.ndarray, row: int | None) -> str:
    if row is None:
        return "no candidate finished with every objective measured"
    return f"lowest validation ESR, {text(ESR, esr[row])} ({quality(esr[row])})"


def _why_latency(
    esr: np.ndarray, latency: np.ndarray, row: int | None, best: int | None, max_quality_esr: float
) -> str:
    limit = text(ESR, max_quality_esr)
    if row is not None:
        return (
            f"looks back the least, {latency[row]:.2f} ms, of those with a validation ESR of at most {limit}"
        )
    reached = f"; the best has {text(ESR, esr[best])}" if best is not None else ""
    return f"no candidate reached a validation ESR of {limit}{reached}"


def _why_efficient(esr: np.ndarray, size: np.ndarray, row: int | None) -> str:
    if row is None:
        return "no candidate has both an ESR and a size"
    return (
        f"most quality per parameter: lowest product of ESR and parameters, {text('', esr[row] * size[row])}"
    )


def _why_balance(objectives: Sequence[Objective], row: int | None) -> str:
    if row is None:
        return "there is no frontier"
    names = ", ".join(title(o.name) for o in objectives)
    return f"closest to the frontier's best of everything at once ({names})"
