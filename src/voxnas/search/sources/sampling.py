"""A random sample of a space, of distinct candidates that the constraints let in."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from voxnas.search.sources.proposals import Proposal, Proposer
from voxnas.search.spaces.choosers import RandomChooser
from voxnas.utils.errors import InputError
from voxnas.utils.progress_bar import progress_bar

LISTED = 20_000  # a space of at most so many candidates is shuffled, a larger one drawn from
MOST_IN_VAIN = 1000  # proposals in a row that were known or rejected
MOST_PER_CANDIDATE = 25  # proposals, before those that cost too little are taken too


@dataclass
class Sample:
    """Candidates in the order they were drawn, and what else came up."""

    kept: list[Proposal] = field(default_factory=list)
    drawn: int = 0
    rejected: int = 0
    reason: str = ""  # of the last that was rejected

    def __str__(self) -> str:
        rejected = f", {self.rejected} rejected (such as {self.reason})" if self.rejected else ""
        return f"{len(self.kept)} candidates of {self.drawn} proposals{rejected}"


def draw_sample(proposer: Proposer, count: int, seed: int, least_cost: float | None = None) -> Sample:
    """`count` candidates by chance, see `take_sample`. A larger count draws the same and more.

    Raises InputError if there is none at all.
    """
    return at_least_one(take_sample(by_chance(proposer, seed), count, least_cost))


def at_least_one(sample: Sample) -> Sample:
    """The sample; InputError if it is empty."""
    if not sample.kept:
        raise InputError(
            f"the constraints reject all of {sample.rejected} proposals, such as {sample.reason}"
        )
    return sample


def take_sample(
    proposals: Iterator[Proposal], count: int, least_cost: float | None = None, known: Collection[str] = ()
) -> Sample:
    """The first `count` proposals that are new, fewer where no more come that the constraints let in.

    With `least_cost`, those that cost at least so much of real time go first; the constraints have to ask for
    the cost. Where too few do, the costliest of the others join them.
    """
    with progress_bar("drawing candidates") as show:
        sample, cheap = _taken(proposals, count, least_cost or 0.0, set(known), show)
    cheap.sort(key=lambda pair: -pair[0])
    sample.kept += [proposal for _, proposal in cheap[: count - len(sample.kept)]]
    return sample


def costliest(drafts: Iterable[Proposal], count: int) -> list[Proposal]:
    """Of the first `count` drafts that the constraints let in the one that costs most.

    Where no constraint asks for the cost it is the first of them; where they let in none it is all drafts, so
    that the caller sees how many are rejected.
    """
    seen: list[Proposal] = []
    let_in: list[tuple[float, Proposal]] = []
    for draft in drafts:
        candidate = draft.preview()
        seen.append(draft)
        if candidate.rejected is None:
            let_in.append((candidate.cost or 0.0, draft))
            if len(let_in) == count or candidate.cost is None:
                break
    return [max(let_in, key=lambda pair: pair[0])[1]] if let_in else seen


def _taken(
    proposals: Iterator[Proposal],
    count: int,
    least_cost: float,
    known: set[str],
    show: Callable[[float], None],
) -> tuple[Sample, list[tuple[float, Proposal]]]:
    """The sample of those that cost enough, and the others with their cost."""
    sample = Sample()
    cheap: list[tuple[float, Proposal]] = []
    in_vain = 0
    for proposal in proposals:
        enough = sample.drawn >= MOST_PER_CANDIDATE * count and len(cheap) + len(sample.kept) >= count
        if len(sample.kept) == count or in_vain >= MOST_IN_VAIN or (cheap and enough):
            break
        show(len(sample.kept) / count)
        sample.drawn += 1
        in_vain += 1
        if proposal.name in known:
            continue
        known.add(proposal.name)
        candidate = proposal.preview()
        if candidate.rejected is not None:
            sample.rejected += 1
            sample.reason = candidate.rejected
        elif candidate.cost is not None and candidate.cost < least_cost:
            cheap.append((candidate.cost, proposal))
        else:
            sample.kept.append(proposal)
            in_vain = 0
    return sample, cheap


def by_chance(proposer: Proposer, seed: int) -> Iterator[Proposal]:
    """Candidates of a space by chance, without end, or all of one that can be listed."""
    if proposer.size is not None and proposer.size <= LISTED:
        grid = proposer.flat.grid()
        for point in np.random.default_rng(seed).permutation(len(grid)):
            yield proposer.proposal(grid[point][len(proposer.flat.fixed) :])
        return
    number = 0
    while True:
        yield proposer.draw(RandomChooser([seed, number]))
        number += 1
