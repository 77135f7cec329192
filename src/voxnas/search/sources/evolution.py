"""`search.source=evolution`: generations, each descending from the best of those before it."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from voxnas.search.sources.base import Candidate, Results, Task
from voxnas.search.sources.descent import children_of, founders
from voxnas.search.sources.lists import ListSource, promising
from voxnas.search.sources.proposals import Proposal
from voxnas.search.sources.sampling import at_least_one, take_sample
from voxnas.utils.errors import InputError

log = logging.getLogger(__name__)


class EvolutionSource(ListSource):
    """Founders, then mutated children of the best parents.

    A generation is drawn when all before it are through. Where nothing waits for the last, it is drawn when
    there are as many results as parents and nobody else is left to begin with.

    Args:
        generations: of about the same size.
        parents: the best of all before, in the order in which they climb.
        inherit: whether children begin with their parent's weights of the first rung, as far as shapes allow.
    """

    learns = True

    def __init__(self, generations: int, parents: int, inherit: bool = False) -> None:
        if isinstance(parents, bool) or not isinstance(parents, int) or parents < 1:
            raise InputError(f"search.parents={parents}: give a whole number from 1")
        self.generations, self.parents, self.inherit = generations, parents, inherit

    def lists(self, task: Task) -> int:
        return len(generation_sizes(task.total, self.generations))

    def settings(self, task: Task) -> Mapping[str, Any]:
        shape = {"generations": self.generations, "parents": self.parents}
        shape |= {"inherit": True} if self.inherit else {}
        return shape | {"names": list(task.names), "epochs": task.epochs, **task.unusual}

    def needed(self, task: Task, before: int) -> int:
        return min(before, self.parents) if task.asynchronous else before

    def draw(
        self, task: Task, number: int, before: Mapping[str, Candidate], results: Results
    ) -> Iterable[Proposal]:
        size = generation_sizes(task.total, self.generations)[number]
        records = {name: record for name, record in results.items() if record is not None}
        best = task.selection.order(records)[: self.parents]
        if best:
            proposals = self._children(task, [before[name] for name in best], number)
        else:
            proposals = promising(task, founders(task.proposer, task.seed), size)
        sample = take_sample(proposals, size, task.least_cost, before)
        if not before:
            at_least_one(sample)
        log.info("generation %d: %s", number + 1, sample)
        return sample.kept

    def _children(self, task: Task, parents: Sequence[Candidate], number: int) -> Iterator[Proposal]:
        choices = [parent.choices for parent in parents]
        for parent, child in children_of(task.proposer, choices, task.seed, number):
            yield replace(child, parent=parents[parent].name) if self.inherit else child


def generation_sizes(candidates: int, generations: int) -> list[int]:
    """The number of candidates of each generation, evenly; no more generations than candidates.

    Raises InputError unless `generations` is a whole number from 1.
    """
    if isinstance(generations, bool) or not isinstance(generations, int) or generations < 1:
        raise InputError(f"search.generations={generations}: give a whole number from 1")
    return [len(part) for part in np.array_split(np.arange(candidates), min(generations, candidates))]
