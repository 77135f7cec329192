"""Founders of a search that experience proposes: an evolution on its predictions, which trains nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import numpy as np

from voxnas.records.pareto import Objective
from voxnas.search.experience.features import features
from voxnas.search.experience.guessed import Guessed
from voxnas.search.experience.surrogate import Surrogate
from voxnas.search.selection.rank import climbing_order
from voxnas.search.sources.descent import offspring
from voxnas.search.sources.proposals import Proposal, Proposer
from voxnas.search.sources.sampling import MOST_PER_CANDIDATE

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
        self._guessed: Guessed | None = None

    def founders(
        self, proposer: Proposer, drafts: Iterator[Proposal], count: int, seed: int
    ) -> Iterator[Proposal]:
        """Candidates from the most promising on: of drafts, and of what descends from the best of them.

        When these are through, further drafts as they come.
        """
        pool = _let_in(drafts, LARGER * count, {})
        for generation in range(1, GENERATIONS + 1):
            parents = [p.choices for p in self.order(pool)[:count] if p.choices]
            if not parents:
                break
            children = offspring(proposer, parents, seed + OWN_SEED, generation)
            pool |= _let_in(children, LARGER * count, pool)
        yield from self.order(pool)
        yield from drafts

    def order(self, pool: Mapping[str, Proposal]) -> list[Proposal]:
        """Proposals by name in their order, the most promising first."""
        if not pool:
            return []
        others = [objective.name for objective in self.objectives if objective.name != "score"]
        self._guessed = self._guessed or Guessed(others, pool)
        proposals = [pool[name] for name in sorted(pool)]
        known = [proposal.preview() for proposal in proposals]
        rows = [features(candidate.architecture, candidate.shape) for candidate in known]
        standing = np.exp(self.surrogate.predict(rows))  # the lower the better
        told = {o: self._guessed.tell(o.name, known, rows) for o in self.objectives if o.name != "score"}
        told |= {o: list(o.direction * standing) for o in self.objectives if o.name == "score"}
        columns = {o: column for o, column in told.items() if column is not None}
        values = np.array(list(columns.values()) or [standing]).T
        directions = [objective.direction for objective in columns] or [1]
        return [proposals[row] for row in climbing_order(values, directions)]


def _let_in(drafts: Iterable[Proposal], wanted: int, known: Mapping[str, Proposal]) -> dict[str, Proposal]:
    """So many that are new and that the constraints let in; fewer where most are not."""
    found: dict[str, Proposal] = {}
    for draft in islice(drafts, MOST_PER_CANDIDATE * wanted):
        if draft.name not in known and draft.preview().rejected is None:
            found[draft.name] = draft
        if len(found) == wanted:
            break
    return found
