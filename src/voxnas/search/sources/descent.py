"""The descent of candidates from others, or from what a space suggests to begin with.

The selection is that of (μ + λ) evolution: parents are the best of all that were trained so far. There is no
crossover: E. Real et al., "Regularized Evolution for Image Classifier Architecture Search", 2019, do without
too.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count

import numpy as np

from voxnas.search.sources.proposals import Proposal, Proposer
from voxnas.search.sources.sampling import costliest
from voxnas.search.spaces.base import Value
from voxnas.search.spaces.mutation import MutatingChooser

Choices = Mapping[str, Value]
MOST_CHANGES = 3  # of a parent's choices
FOUNDER_DRAFTS, CHILD_DRAFTS = 10, 3  # that the constraints let in
VARIATIONS = 2  # choices of a start that change when its turn comes again
GROWTH_STEPS = 20  # of a founder
DRAWN_PER_DRAFT = 6  # at most, on average, where the constraints reject many


def founders(proposer: Proposer, seed: int) -> Iterator[Proposal]:
    """The first generation: each start of the space in turn, completed by chance, then anything at all.

    When a start's turn comes again, a few of its choices are others: most say too much for chance to add.

    Each is the costliest of a few drafts, where constraints ask for the cost, and has grown up to the limit:
    most of what fits a small budget is far smaller than need be, and few generations do not make up for that.
    """
    turn: list[Choices] = [*proposer.starts, {}]
    for number in count():
        start, at = turn[number % len(turn)], [seed, 0, number]
        changes = VARIATIONS if number >= len(turn) else 0
        for draft in _costliest(proposer, start, changes, at, FOUNDER_DRAFTS):
            yield _grown(proposer, draft, start, at)


def offspring(
    proposer: Proposer, parents: Sequence[Choices], seed: int, generation: int
) -> Iterator[Proposal]:
    """Children of each parent in turn, which differ from it in one to `MOST_CHANGES` choices.

    Each is the costliest of a few drafts too: a parent at the limit would else have cheaper children alone.
    """
    return (child for _, child in children_of(proposer, parents, seed, generation))


def children_of(
    proposer: Proposer, parents: Sequence[Choices], seed: int, generation: int
) -> Iterator[tuple[int, Proposal]]:
    """The same, each with the number of its parent."""
    for number in count():
        at, parent = [seed, generation, number], number % len(parents)
        changes = int(np.random.default_rng(at).integers(1, MOST_CHANGES, endpoint=True))
        for child in _costliest(proposer, parents[parent], changes, at, CHILD_DRAFTS):
            yield parent, child


def _costliest(
    proposer: Proposer, parent: Choices, changes: int, at: Sequence[int], drafts: int
) -> list[Proposal]:
    drawn = (
        proposer.draw(MutatingChooser(parent, [*at, draft], changes))
        for draft in range(drafts * DRAWN_PER_DRAFT)
    )
    return costliest(drawn, drafts)


def _grown(proposer: Proposer, draft: Proposal, start: Choices, at: Sequence[int]) -> Proposal:
    """The draft after steps, of what its start leaves to chance, that cost more and are let in."""
    for step in range(GROWTH_STEPS):
        cost = draft.preview().cost
        if cost is None or draft.preview().rejected is not None:
            break
        chooser = MutatingChooser(draft.choices, [*at, step, 1], changes=1, fixed=start)
        larger = proposer.draw(chooser)
        if larger.preview().rejected is None and (larger.preview().cost or 0.0) > cost:
            draft = larger
    return draft
