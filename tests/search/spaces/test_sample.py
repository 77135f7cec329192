"""A sample of a space."""

from voxnas.search.spaces.base import Chooser
from voxnas.search.spaces.sample import sample


class Coin:
    """A space of two candidates."""

    def propose(self, choose: Chooser) -> list[str]:
        return [f"side={choose.choice('side', ('heads', 'tails'))}"]


class Numbers:
    """A space of a million."""

    def propose(self, choose: Chooser) -> list[str]:
        return [f"number={choose.integer('number', 1, 10**6)}"]


def test_candidates_are_distinct_and_no_more_than_there_are():
    assert sorted(sample(Coin(), 20)) == [["side=heads"], ["side=tails"]]
    drawn = sample(Numbers(), 50)
    assert len({tuple(point) for point in drawn}) == len(drawn) == 50


def test_the_seed_decides():
    assert sample(Numbers(), 5, seed=1) == sample(Numbers(), 5, seed=1) != sample(Numbers(), 5, seed=2)
