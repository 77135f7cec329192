"""`search.source=grid`: all that there is."""

from collections.abc import Iterable, Mapping

from voxnas.search.sources.base import Candidate, Results, Task
from voxnas.search.sources.lists import ListSource
from voxnas.search.sources.proposals import Proposal


class GridSource(ListSource):
    """Every candidate of a space that can be listed, however many are wanted."""

    def draw(
        self, task: Task, number: int, before: Mapping[str, Candidate], results: Results
    ) -> Iterable[Proposal]:
        return task.proposer.grid()
