"""Random samples: distinct, within the constraints, the same again, and as costly as wanted."""

from types import SimpleNamespace

import pytest

from voxnas.search.sources.sampling import costliest, draw_sample
from voxnas.search.spaces.flat import FlatSpace
from voxnas.utils.errors import InputError


class Numbers:
    """Stands in for a proposer: the numbers below `count`, which cost a hundredth of themselves.

    Those above `limit` are rejected.
    """

    def __init__(self, count: int, limit: int = 10**9, listed: bool = True) -> None:
        self.flat = FlatSpace({"n": f"range(0,{count})"})
        self.limit, self.size = limit, count if listed else None

    def draw(self, choose):
        return self.proposal(self.flat.propose(choose))

    def proposal(self, chosen):
        number = int(chosen[0].split("=")[1])
        reason = f"{number} > {self.limit}" if number > self.limit else None
        candidate = SimpleNamespace(rejected=reason, cost=number / 100)
        return SimpleNamespace(name=number, chosen=tuple(chosen), preview=lambda: candidate)


def names(*arguments, **given) -> list[int]:
    return [proposal.name for proposal in draw_sample(*arguments, **given).kept]


@pytest.mark.parametrize("listed", [True, False])
def test_candidates_are_distinct_the_same_again_and_more_with_a_larger_count(listed):
    few, many = names(Numbers(500, listed=listed), 10, 3), names(Numbers(500, listed=listed), 20, 3)
    assert len(set(many)) == 20
    assert many[:10] == few == names(Numbers(500, listed=listed), 10, 3)
    assert few != names(Numbers(500, listed=listed), 10, 4)


def test_a_small_space_gives_all_it_has():
    assert sorted(names(Numbers(5), 10, 0)) == [0, 1, 2, 3, 4]


def test_what_is_rejected_is_left_out_and_counted(monkeypatch):
    monkeypatch.setattr("voxnas.search.sources.sampling.MOST_IN_VAIN", 60)
    sample = draw_sample(Numbers(10, limit=4, listed=False), 8, 0)
    assert sorted(p.name for p in sample.kept) == [0, 1, 2, 3, 4]
    assert sample.rejected == 5
    assert str(sample).startswith(f"5 candidates of {sample.drawn} proposals, 5 rejected (such as ")


def test_the_costly_go_first_and_the_costliest_of_the_others_fill_up():
    assert min(names(Numbers(100), 10, 0, least_cost=0.5)) >= 50
    assert sorted(names(Numbers(10), 4, 0, least_cost=0.08)) == [6, 7, 8, 9]
    assert set(names(Numbers(10), 4, 0, least_cost=0.08)[:2]) == {8, 9}


def test_the_search_for_costly_ones_has_an_end():
    sample = draw_sample(Numbers(10_000, limit=50, listed=False), 2, 0, least_cost=0.5)
    assert sample.drawn <= 2000
    assert len(draw_sample(Numbers(20_000, limit=10_000), 4, 0, least_cost=99.9).kept) == 4


def test_where_nothing_is_let_in_there_is_a_reason():
    with pytest.raises(InputError, match=r"the constraints reject all of 3 proposals, such as \d > -1"):
        draw_sample(Numbers(3, limit=-1), 2, 0)


@pytest.mark.parametrize(
    ("numbers", "limit", "expected"),
    [
        ([3, 9, 5, 7], 10, [9]),
        ([3, 5, 4, 7], 10, [5]),  # enough of them
        ([3, 9, 5, 8, 7], 7, [7]),  # the others do not count
        ([8, 9], 7, [8, 9]),
    ],
)
def test_of_a_few_drafts_the_costliest_that_is_let_in_is_taken(numbers, limit, expected):
    proposer = Numbers(10, limit)
    drafts = (proposer.proposal([f"n={number}"]) for number in numbers)
    assert [draft.name for draft in costliest(drafts, 3)] == expected


def test_without_a_cost_the_first_draft_that_is_let_in_is_taken():
    drafts = [
        SimpleNamespace(preview=lambda r=r: SimpleNamespace(rejected=r, cost=None)) for r in ("x", None, None)
    ]
    assert costliest(drafts, 3) == [drafts[1]]
