"""Founders of a search that experience proposes: an evolution on its predictions, which trains nothing."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from voxnas.records.pareto import Array, Objective
from voxnas.search.experience.features import features
from voxnas.search.experience.surrogate import Surrogate
from voxnas.search.preview import Candidate
from voxnas.search.selection.rank import climbing_order
from voxnas.search.sources.descent import offspring
from voxnas.search.sources.proposals import Proposal, Proposer

GENERATIONS = 4  # of predictions
LARGER = 2  # times as many drafts a generation as candidates are wanted
OWN_SEED = 7919  # so that it repeats no draw of the search


class Experience:
    """Ranks candidates by what it predicts of their score, and by what is known of the other objectives.

    Args:
        surrogate: predicts the score's standing.
        objectives: of the search; those beside the score that nothing tells before training are left out.
    """

    def __init__(self, surrogate: Surrogate, objectives: Sequence[Objective]) -> None:
        self.surrogate, self.objectives = surrogate, list(objectives)

    def founders(
        self, proposer: Proposer, drafts: Iterator[Proposal], count: int, seed: int
    ) -> Iterator[Proposal]:
        """Candidates from the most promising on: of drafts, and of what descends from the best of them."""
        pool = _let_in(islice(drafts, LARGER * count), {})
        for generation in range(1, GENERATIONS + 1):
            best = [pool[name] for name in self.order(pool)[:count]]
            parents = [proposal.choices for proposal in best if proposal.choices]
            if not parents:
                break
            children = offspring(proposer, parents, seed + OWN_SEED, generation)
            pool |= _let_in(islice(children, LARGER * count), pool)
        yield from (pool[name] for name in self.order(pool))

    def order(self, pool: dict[str, Proposal]) -> list[str]:
        """The names of proposals, the most promising first."""
        names = sorted(pool)
        known = [pool[name].priced() for name in names]
        standing = self.surrogate.predict([features(c.architecture, c.shape) for c in known])
        columns = [_column(objective, known, standing) for objective in self.objectives]
        told = [(c, o.direction) for c, o in zip(columns, self.objectives, strict=True) if c is not None]
        values = np.array([column for column, _ in told]).T
        return [names[row] for row in climbing_order(values, [direction for _, direction in told])]


def _column(objective: Objective, known: Sequence[Candidate], standing: Array) -> Array | None:
    """An objective's values, all positive where they may be; None if it is not told of each."""
    if objective.name == "score":  # the standing is of what is to be low
        return np.exp(standing) if not objective.maximise else -np.exp(standing)
    told = [c.costs.get(objective.name, c.shape.get(objective.name)) for c in known]
    return np.array(told, dtype=float) if all(isinstance(value, int | float) for value in told) else None


def _let_in(drafts: Iterable[Proposal], known: dict[str, Proposal]) -> dict[str, Proposal]:
    found = {draft.name: draft for draft in drafts if draft.name not in known}
    return {name: draft for name, draft in found.items() if draft.preview().rejected is None}
