"""`search.source=random`: as many as are wanted, by chance."""

import logging
from collections.abc import Iterable, Mapping

from voxnas.search.sources.base import Candidate, Results, Task
from voxnas.search.sources.lists import ListSource
from voxnas.search.sources.proposals import Proposal
from voxnas.search.sources.sampling import draw_sample

log = logging.getLogger(__name__)


class RandomSource(ListSource):
    """A random sample of what the constraints let in."""

    def draw(
        self, task: Task, number: int, before: Mapping[str, Candidate], results: Results
    ) -> Iterable[Proposal]:
        sample = draw_sample(task.proposer, task.total, task.seed, task.least_cost)
        log.info("%s", sample)
        return sample.kept
