"""By non-dominated rank, then by crowding distance: several objectives in the place of a single loss.

K. Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II", 2002; for rungs R. Schmucker et
al., "Multi-objective Asynchronous Successive Halving", 2021.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from voxnas.problems.base import Problem
from voxnas.records.pareto import Array, fronts, normalise
from voxnas.records.record import Record
from voxnas.search.objectives import figures
from voxnas.search.selection.base import Selection


class ByRank(Selection):
    """The non-dominated first, then those that only these dominate, …; within a rank the loneliest first.

    Args:
        objectives: figures of a record, see `Problem.objective`.
        problem: of the runs.
    """

    def __init__(self, objectives: Sequence[str], problem: Problem) -> None:
        self.objectives = [problem.objective(str(name)) for name in objectives]
        self.needs = ", ".join(objective.name for objective in self.objectives)

    def order(self, records: Mapping[str, Record]) -> list[str]:
        names = sorted(records)
        missing = [np.nan] * len(self.objectives)
        values = [figures(records[name], self.objectives) or missing for name in names]
        table = np.array(values, dtype=float).reshape(-1, len(self.objectives))
        return [names[row] for row in climbing_order(table, [o.direction for o in self.objectives])]


def climbing_order(values: Array, directions: Sequence[int] | None = None) -> list[int]:
    """The rows of `values` `(n, m)` from the first to be kept to the last.

    By non-dominated rank, then by crowding distance within the rank, the loneliest first, then by the first
    objective. Rows with a missing or infinite value are left out. `directions` holds 1 for each objective to
    minimise, -1 for each to maximise.
    """
    values = np.asarray(values, dtype=float)
    known = np.flatnonzero(np.isfinite(values).all(axis=1))
    scaled = normalise(values[known], directions)  # an error of .001 is as far from .01 as that from .1
    values = values[known] * (np.ones(values.shape[1]) if directions is None else np.asarray(directions))
    ranks = fronts(values)
    crowding = np.zeros(len(values))
    for rank in np.unique(ranks):
        crowding[ranks == rank] = crowding_distances(scaled[ranks == rank])
    order = np.lexsort((*values.T[::-1], -crowding, ranks))
    return [int(known[row]) for row in order]


def crowding_distances(values: Array) -> Array:
    """The distance of each row of one front `(n, m)` from its neighbours, as `(n,)`; infinite at either end.

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
