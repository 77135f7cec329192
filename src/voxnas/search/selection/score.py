"""By the score alone."""

import math
from collections.abc import Mapping, Sequence

from voxnas.problems.base import Problem
from voxnas.records.record import Record
from voxnas.search.selection.base import Selection


class ByScore(Selection):
    """The best by the first objective, ties by the next, then by name. Only the first has to be known.

    Args:
        objectives: figures of a record, see `Problem.objective`.
        problem: of the runs.
    """

    def __init__(self, objectives: Sequence[str], problem: Problem) -> None:
        self.objectives = [problem.objective(str(name)) for name in objectives]
        self.needs = self.objectives[0].name

    def order(self, records: Mapping[str, Record]) -> list[str]:
        keys = {name: self._key(record) for name, record in records.items() if record.status == "ok"}
        return sorted((n for n, key in keys.items() if math.isfinite(key[0])), key=lambda n: (keys[n], n))

    def _key(self, record: Record) -> tuple[float, ...]:
        values = [(record.value(objective.name), objective.direction) for objective in self.objectives]
        return tuple(math.inf if value is None else direction * value for value, direction in values)
