"""`search.source=random`: as many as are wanted, by chance."""

import logging
from collections.abc import Iterable, Mapping

from voxnas.search.sources.base import Candidate, Results, Task
from voxnas.search.sources.lists import ListSource, promising
from voxnas.search.sources.proposals import Proposal
from voxnas.search.sources.sampling import at_least_one, by_chance, take_sample

log = logging.getLogger(__name__)


class RandomSource(ListSource):
    """A random sample of what the constraints let in."""

    learns = True

    def draw(
        self, task: Task, number: int, before: Mapping[str, Candidate], results: Results
    ) -> Iterable[Proposal]:
        drawn = promising(task, by_chance(task.proposer, task.seed), task.total)
        sample = at_least_one(take_sample(drawn, task.total, task.least_cost))
        log.info("%s", sample)
        return sample.kept
