"""Successive halving with several objectives: which candidates climb from one rung to the next.

K. Jamieson, A. Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization", 2016; in
the place of a single loss the order of K. Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm:
NSGA-II", 2002.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from voxnas.records.pareto import Array, fronts, normalise
from voxnas.utils.errors import InputError


@dataclass(frozen=True)
class Rung:
    """One step: each of its candidates is trained for `epochs` further epochs, and `keep` of them climb.

    `keep` below 1 is a share (rounded down, but at least one), else a number; None on the last rung.
    """

    name: str
    epochs: int
    keep: float | None

    def survivors(self, finished: int) -> int:
        """How many climb of so many that finished."""
        if self.keep is None:
            return finished
        return min(finished, max(1, int(self.keep * finished)) if self.keep < 1 else int(self.keep))


def make_rungs(epochs: Sequence[int], keep: float | Sequence[float]) -> list[Rung]:
    """Rungs named `rung1`, `rung2`, … Raises InputError for what is no ladder.

    `keep` is one value for all rungs, or one for each but the last.
    """
    steps = list(epochs)
    if not steps or any(not isinstance(e, int) or isinstance(e, bool) or e < 1 for e in steps):
        raise InputError(f"rungs={steps}: give the epochs of each rung, whole numbers from 1, as [2,10,50]")
    kept = [keep] * (len(steps) - 1) if isinstance(keep, int | float) else list(keep)
    if len(kept) != len(steps) - 1:
        raise InputError(
            f"keep={kept}: give one value, or one for each of the {len(steps)} rungs but the last"
        )
    for value in kept:
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise InputError(f"keep={value}: give a share (0.5) or a number of candidates (6)")
        if value >= 1 and value != int(value):
            raise InputError(f"keep={value}: a number of candidates is a whole number")
    names = [f"rung{number}" for number in range(1, len(steps) + 1)]
    return [Rung(n, e, k) for n, e, k in zip(names, steps, [*kept, None], strict=True)]


def climbing_order(values: Array, directions: Sequence[int] | None = None) -> list[int]:
    """The rows of `values` `(n, m)` from the first to be kept to the last.

    By non-dominated rank, then by crowding distance within the rank, the loneliest first, then by the first
    objective. Rows with a missing or infinite value are left out. `directions` holds 1 for each objective to
    minimise, -1 for each to maximise.
    """
    values = np.asarray(values, dtype=float)
    known = np.flatnonzero(np.isfinite(values).all(axis=1))
    scaled = normalise(values[known], directions)  # an ESR of .001 is as far from .01 as that from .1
    values = values[known] * (np.ones(values.shape[1]) if directions is None else np.asarray(directions))
    ranks = fronts(values)
    crowding = np.zeros(len(values))
    for rank in np.unique(ranks):
        crowding[ranks == rank] = crowding_distances(scaled[ranks == rank])
    order = np.lexsort((*values.T[::-1], -crowding, ranks))
    return [int(known[row]) for row in order]


def crowding_distances(values: Array) -> Array:
    """How far each row of one front `(n, m)` is from its neighbours, as `(n,)`; infinite at either end.

    The sum over objectives of the distance between the next lower and the next higher row, each objective
    scaled to its range (section III-B of the paper). Of several equal rows all but one have none.
    """
    count, objectives = values.shape
    _, first = np.unique(values, axis=0, return_index=True)
    unique = values[first]
    distance = np.zeros(len(unique))
    for column in unique.T if objectives else ():
        order = np.argsort(column, kind="stable")
        ordered, span = column[order], np.ptp(column)
        distance[order[[0, -1]]] = np.inf
        if span > 0 and len(unique) > 2:
            distance[order[1:-1]] += (ordered[2:] - ordered[:-2]) / span
    result = np.zeros(count)
    result[first] = distance
    return result


def climbers(values: Array, rung: Rung, directions: Sequence[int] | None = None) -> list[int]:
    """The rows of `values` `(n, m)` that climb from a rung, the first to be kept first."""
    order = climbing_order(values, directions)
    return order[: rung.survivors(len(order))]
