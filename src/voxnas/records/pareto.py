"""Dominance between candidates: pure functions on arrays, and the objectives that name their columns.

A candidate dominates another if it is no worse in every objective and better in at least one (M. Ehrgott,
Multicriteria Optimization, 2005). The algorithms are moocore's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from voxnas.utils.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

Array = np.ndarray
MARGIN = 0.1  # how far beyond the worst value the reference point lies, as a share of the range


@dataclass(frozen=True)
class Objective:
    """A numeric column of the records, and whether it is to be small or large."""

    name: str
    maximise: bool = False

    @classmethod
    def parse(cls, text: str) -> "Objective":
        """`name` is minimised, `-name` maximised."""
        return cls(text.removeprefix("-"), text.startswith("-"))

    @property
    def direction(self) -> int:
        """1 where small is good, -1 where large is."""
        return -1 if self.maximise else 1


def non_dominated(values: Array, directions: Sequence[int] | None = None) -> Array:
    """Rows of `values` `(n, m)` that no other row dominates, as `(n,)` booleans.

    `directions` holds 1 for each objective to minimise and -1 for each to maximise; all are minimised by
    default. Rows with a missing or infinite value neither stand on the frontier nor dominate; equal rows
    stand or fall together.
    """
    import moocore

    values = _minimised(values, directions)
    mask = np.isfinite(values).all(axis=1)
    if mask.any():
        mask[mask] = moocore.is_nondominated(values[mask], keep_weakly=True)
    return mask


def fronts(values: Array, directions: Sequence[int] | None = None) -> Array:
    """Each row's front, `(n,)`: 0 for those that none dominates, 1 for those that only these dominate, …

    Rows with a missing or infinite value have -1. (N. Srinivas, K. Deb, "Multiobjective Optimization Using
    Nondominated Sorting in Genetic Algorithms", 1994.)
    """
    import moocore

    values = _minimised(values, directions)
    known = np.isfinite(values).all(axis=1)
    found = np.full(len(values), -1)
    if known.any():
        found[known] = moocore.pareto_rank(values[known])
    return found


def hypervolume(values: Array, reference: Sequence[float], directions: Sequence[int] | None = None) -> float:
    """The volume that the rows of `values` `(n, m)` dominate up to `reference` `(m,)`; 0 for no row.

    Rows with a missing or infinite value, and rows beyond the reference, add nothing. (E. Zitzler, L. Thiele,
    "Multiobjective Evolutionary Algorithms", 1999.)
    """
    import moocore

    values, point = _minimised(values, directions), _minimised(np.array([reference]), directions)[0]
    values = values[np.isfinite(values).all(axis=1)]
    return float(moocore.hypervolume(values, ref=point)) if len(values) else 0.0


def reference_point(values: Array, directions: Sequence[int] | None = None) -> Array:
    """A point `(m,)` a tenth of the range beyond the worst finite value, so that the extremes count too."""
    values = _minimised(values, directions)
    values = values[np.isfinite(values).all(axis=1)]
    worst = values.max(axis=0)
    margin = MARGIN * np.where(np.ptp(values, axis=0) > 0, np.ptp(values, axis=0), 1.0)
    return _minimised((worst + margin)[None], directions)[0]


def normalise(values: Array, directions: Sequence[int] | None = None) -> Array:
    """Each objective from 0, its best finite row, to 1, its worst; in logarithm where all are positive.

    Rows with a missing or infinite value become NaN.
    """
    directions = directions or [1] * np.shape(values)[1]
    values = np.where(np.isfinite(values).all(axis=1, keepdims=True), values, np.nan).astype(float)
    known = values[~np.isnan(values).any(axis=1)]
    if not len(known):
        return values
    positive = (known > 0).all(axis=0)
    values[:, positive] = np.log(values[:, positive])
    values = values * np.asarray(directions)
    best, worst = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
    return (values - best) / np.where(worst > best, worst - best, 1.0)


def objective_values(frame: "pd.DataFrame", objectives: Sequence[Objective]) -> Array:
    """The objectives of each row as `(n, m)`, NaN throughout for what did not finish.

    Raises InputError for an objective that is no numeric column.
    """
    numeric = frame.select_dtypes("number").columns
    for objective in objectives:
        if objective.name not in numeric:
            names = ", ".join(str(c) for c in numeric if frame[c].nunique() > 1)
            raise InputError(f"objectives: no numeric column `{objective.name}` in the records; try {names}")
    values = frame[[o.name for o in objectives]].to_numpy(dtype=float, copy=True)
    values[(frame["status"] != "ok").to_numpy()] = np.nan
    return values


def _minimised(values: Array, directions: Sequence[int] | None) -> Array:
    values = np.asarray(values, dtype=float)
    return values if directions is None else values * np.asarray(directions)
