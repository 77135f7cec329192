"""A random sample of a space, of distinct candidates that the constraints let in."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from voxnas.search.proposals import Proposal, Proposer
from voxnas.search.spaces.choosers import RandomChooser
from voxnas.utils.errors import InputError

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
    cheapest_rtf: float = np.inf  # of all whose cost was measured

    def __str__(self) -> str:
        rejected = f", {self.rejected} rejected (such as {self.reason})" if self.rejected else ""
        return f"{len(self.kept)} candidates of {self.drawn} proposals{rejected}"


def draw_sample(proposer: Proposer, count: int, seed: int, floor_rtf: float | None = None) -> Sample:
    """`count` candidates, fewer where the space or the constraints have no more.

    A larger count draws the same and more. With `floor_rtf`, those that cost at least so much of real time go
    first; the constraints have to ask for the cost. Where too few do, the costliest of the others join them.

    Raises InputError if there is none at all.
    """
    sample = Sample()
    cheap: list[tuple[float, Proposal]] = []
    known: set[str] = set()
    in_vain = 0
    for proposal in _proposals(proposer, seed):
        enough = sample.drawn >= MOST_PER_CANDIDATE * count and len(cheap) + len(sample.kept) >= count
        if len(sample.kept) == count or in_vain >= MOST_IN_VAIN or (cheap and enough):
            break
        sample.drawn += 1
        in_vain += 1
        if proposal.name in known:
            continue
        known.add(proposal.name)
        candidate = proposal.preview()
        rtf = candidate.cpu_rtf
        sample.cheapest_rtf = min(sample.cheapest_rtf, np.inf if rtf is None else rtf)
        if candidate.rejected is not None:
            sample.rejected += 1
            sample.reason = candidate.rejected
        elif floor_rtf is not None and rtf is not None and rtf < floor_rtf:
            cheap.append((rtf, proposal))
        else:
            sample.kept.append(proposal)
            in_vain = 0
    cheap.sort(key=lambda pair: -pair[0])
    sample.kept += [proposal for _, proposal in cheap[: count - len(sample.kept)]]
    if not sample.kept:
        raise InputError(f"the constraints reject all of {sample.drawn} proposals, such as {sample.reason}")
    return sample


def _proposals(proposer: Proposer, seed: int) -> Iterator[Proposal]:
    if proposer.size is not None and proposer.size <= LISTED:
        grid = proposer.flat.grid()
        for point in np.random.default_rng(seed).permutation(len(grid)):
            yield proposer.proposal(grid[point][len(proposer.flat.fixed) :])
        return
    number = 0
    while True:
        yield proposer.draw(RandomChooser([seed, number]))
        number += 1
