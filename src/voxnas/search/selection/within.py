"""By rank, within a budget."""

from collections.abc import Mapping, Sequence

from voxnas.records.pareto import Objective
from voxnas.records.record import Record
from voxnas.search.selection.rank import ByRank


class Within(ByRank):
    """As `ByRank`, of those alone that keep to their limits.

    Args:
        objectives: see `ByRank`.
        limits: by figure of a record, the most that it may be; for `-name` the least.
    """

    def __init__(self, objectives: Sequence[str], limits: Mapping[str, float]) -> None:
        super().__init__(objectives)
        self.limits = {Objective.parse(name): float(limit) for name, limit in limits.items()}
        self.needs += "".join(f", {name} within {limit}" for name, limit in limits.items())

    def order(self, records: Mapping[str, Record]) -> list[str]:
        return super().order({name: record for name, record in records.items() if self._keeps(record)})

    def _keeps(self, record: Record) -> bool:
        values = ((record.value(o.name), limit, o.direction) for o, limit in self.limits.items())
        return all(v is not None and direction * v <= direction * limit for v, limit, direction in values)
