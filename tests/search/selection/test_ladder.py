"""Ladders: who climbs when, and that an early one promotes whom a patient one promotes."""

from types import SimpleNamespace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from voxnas.search.selection.base import Selection
from voxnas.search.selection.ladder import Ladder
from voxnas.search.selection.rungs import make_rungs
from voxnas.utils.errors import InputError

KEEPS = st.one_of(st.sampled_from([0.1, 0.34, 0.5, 0.9]), st.integers(1, 6))


class Smallest(Selection):
    """By the one figure that these tests know; those without it do not go on."""

    needs = "a figure"

    def order(self, records):
        return sorted(
            (n for n, r in records.items() if r.figure is not None), key=lambda n: records[n].figure
        )


def run(figure: float | None, status: str = "ok") -> SimpleNamespace:
    return SimpleNamespace(figure=figure, status=status)


def to_the_end(ladder: Ladder, figures: list[list[float]], order: list[int]) -> Ladder:
    """Candidates 0, 1, … enter; of those that are ready the one that `order` has first is through next."""
    for name in range(len(figures[0])):
        ladder.enter(0, str(name))
    ladder.closed = True
    while ready := ladder.unfinished():
        rung, name = min(ready, key=lambda place: order[int(place[1])])
        ladder.finish(rung, name, run(figures[rung][int(name)]))
        ladder.climb()
    return ladder


@st.composite
def searches(draw):
    count = draw(st.integers(1, 12))
    values = st.lists(st.integers(0, 99), min_size=count, max_size=count, unique=True)
    order = draw(st.permutations(range(count)))
    return [draw(values) for _ in range(3)], order, [draw(KEEPS), draw(KEEPS)]


@given(searches())
def test_an_early_ladder_promotes_all_that_a_patient_one_does(search):
    figures, order, keep = search
    rungs, count = make_rungs([1, 1, 1], keep), len(order)
    patient = to_the_end(Ladder(rungs, Smallest(), False, count), figures, order)
    early = to_the_end(Ladder(rungs, Smallest(), True, count), figures, order)
    for rung in range(3):
        assert patient.entered[rung].keys() <= early.entered[rung].keys()
        assert len(patient.entered[rung]) == patient.expected(rung)
    for rung, (above, through) in enumerate(zip(early.entered[1:], early.finished, strict=False)):
        assert len(above) >= rungs[rung].survivors(len(through))


@given(searches())
def test_on_a_patient_ladder_nobody_climbs_before_the_last_is_through(search):
    figures, order, keep = search
    ladder = Ladder(make_rungs([1, 1, 1], keep), Smallest(), False, len(order))
    for name in order:
        ladder.enter(0, str(name))
        ladder.finish(0, str(name), run(figures[0][name]))
        assert ladder.climb() == []
    ladder.closed = True
    assert len(ladder.climb()) == ladder.rungs[0].survivors(len(order))


def test_early_is_as_soon_as_one_is_among_the_best_share_of_those_so_far():
    ladder = Ladder(make_rungs([1, 1], 0.5), Smallest(), True)
    came = []
    for number, figure in enumerate([0.5, 0.6, 0.1, 0.4, 0.45, 0.2]):
        ladder.enter(0, str(number))
        ladder.finish(0, str(number), run(figure))
        came.append([name for _, name in ladder.climb()])
    assert came == [[], ["0"], [], ["2"], [], ["5"]]  # not "3", for a half has climbed
    assert ladder.unfinished() == [(1, "0"), (1, "2"), (1, "5")]


def test_whoever_has_no_record_is_through_and_stays():
    ladder = Ladder(make_rungs([1, 1], 2), Smallest())
    for name in "abc":
        ladder.enter(0, name)
    ladder.closed = True
    ladder.finish(0, "a", None)
    ladder.finish(0, "b", run(None, "failed"))
    assert ladder.climb() == []
    ladder.finish(0, "c", run(0.5))
    assert ladder.climb() == [(1, "c")]


def test_where_nobody_may_climb_there_is_a_reason():
    ladder = Ladder(make_rungs([1, 1], 2), Smallest())
    ladder.enter(0, "a")
    ladder.finish(0, "a", run(None, "failed"))
    ladder.closed = True
    with pytest.raises(
        InputError, match=r"rung1: no candidate finished with a figure \(failed\): nobody climbs"
    ):
        ladder.climb()


@given(searches(), st.booleans(), st.sets(st.integers(0, 11)), st.sets(st.integers(0, 11)))
def test_guests_climb_to_the_end_and_take_nobody_s_place(search, asynchronous, guests, failed):
    figures, order, keep = search
    names = {str(name) for name in guests if name < len(order)}
    total = len(order)
    ladder = Ladder(make_rungs([1, 1, 1], keep), Smallest(), asynchronous, total, names)
    alone = Ladder(make_rungs([1, 1, 1], keep), Smallest(), asynchronous, total - len(names))
    broken = {str(name) for name in failed} & names
    assume(len(broken) < total)  # else nobody climbs, which is an error
    for each in (ladder, alone):
        for name in map(str, range(total)):
            if each is ladder or name not in names:
                each.enter(0, name)
        each.closed = True
        while ready := each.unfinished():
            rung, name = min(ready, key=lambda place: order[int(place[1])])
            each.finish(rung, name, run(figures[rung][int(name)], "failed" if name in broken else "ok"))
            each.climb()
    for rung in (1, 2):
        assert ladder.entered[rung].keys() & names == names - broken
        assert ladder.entered[rung].keys() - names == alone.entered[rung].keys()


def test_guests_climb_where_nobody_else_may():
    ladder = Ladder(make_rungs([1, 1], 2), Smallest(), guests=["guest"])
    for name, status in (("guest", "ok"), ("a", "failed")):
        ladder.enter(0, name)
        ladder.finish(0, name, run(None, status))
    ladder.closed = True
    assert ladder.climb() == [(1, "guest")]
    assert ladder.expected(1) == 2
