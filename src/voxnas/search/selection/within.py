"""By rank, within a budget."""

from collections.abc import Mapping, Sequence

from voxnas.problems.base import Problem
from voxnas.records.record import Record
from voxnas.search.selection.rank import ByRank


class Within(ByRank):
    """As `ByRank`, of those alone that keep to their limits.

    Args:
        objectives, problem: see `ByRank`.
        limits: by figure of a record, the most that it may be, or the least where large is good.
    """

    def __init__(self, objectives: Sequence[str], problem: Problem, limits: Mapping[str, float]) -> None:
        super().__init__(objectives, problem)
        self.limits = {problem.objective(name): float(limit) for name, limit in limits.items()}
        self.needs += "".join(f", {name} within {limit}" for name, limit in limits.items())

    def order(self, records: Mapping[str, Record]) -> list[str]:
        return super().order({name: record for name, record in records.items() if self._keeps(record)})

    def _keeps(self, record: Record) -> bool:
        values = ((record.value(o.name), limit, o.direction) for o, limit in self.limits.items())
        return all(v is not None and direction * v <= direction * limit for v, limit, direction in values)
