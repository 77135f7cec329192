"""A look at a space that is too large to list."""

from voxnas.search.spaces.base import Space
from voxnas.search.spaces.choosers import RandomChooser

TRIES = 20  # for each candidate, before a space counts as exhausted


def sample(space: Space, count: int, seed: int = 0) -> list[list[str]]:
    """Distinct candidates that chance proposes, as overrides; fewer than `count` in a smaller space."""
    found: dict[tuple[str, ...], None] = {}
    for number in range(TRIES * count):
        if len(found) == count:
            break
        found[tuple(space.propose(RandomChooser([seed, number])))] = None
    return [list(proposal) for proposal in found]
