"""Plans: a ladder for so much time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxnas.search.selection.plan import Plan, Speed
from voxnas.search.selection.rungs import make_rungs

USUAL = Plan(48, tuple(make_rungs([4, 20, 100], [16, 6])), guests=2, finals=4)
SPEED = Speed(0.5, 4.0, 2)


def test_the_time_is_that_of_all_runs_side_by_side():
    first, second, third = 50 * (4 * 0.5 + 4), 18 * (20 * 0.5 + 4), (8 + 4) * (100 * 0.5 + 4)
    assert USUAL.seconds(SPEED) == pytest.approx((first + second + third) / 2)


def test_twice_the_training_is_more_candidates_for_longer():
    twice = USUAL.scaled(4.0)
    assert (twice.candidates, [r.epochs for r in twice.rungs]) == (96, [8, 40, 200])
    assert [r.keep for r in twice.rungs] == [32, 12, None]
    assert (twice.guests, twice.finals) == (2, 4)
    assert USUAL.scaled(1.0) == USUAL


def test_a_share_stays_a_share():
    rungs = tuple(make_rungs([2, 10], 0.4))
    assert [r.keep for r in Plan(64, rungs).scaled(4.0).rungs] == [0.4, None]


@given(st.floats(1, 1e6), st.floats(0.01, 30), st.integers(1, 8))
def test_what_is_planned_ends_in_time_and_not_much_more_would(seconds, epoch_s, side_by_side):
    speed = Speed(epoch_s, 4.0, side_by_side)
    plan = USUAL.within(seconds, speed)
    if plan.seconds(speed) <= seconds and plan.candidates < 48 * 16:
        more = plan.scaled(1.6)
        assert more.seconds(speed) > seconds
    else:
        assert plan in (USUAL.scaled(1 / 256), plan)


def test_the_smallest_is_what_there_is_where_no_plan_is_in_time():
    assert USUAL.within(1.0, SPEED) == USUAL.scaled(1 / 256)


def test_the_plan_is_told_with_the_speed_behind_it():
    assert USUAL.words(SPEED) == (
        "48 candidates and 2 presets on rungs of 4, 20, 100 epochs: about 10 min at 0.5 s an epoch,"
        " 2 side by side"
    )
