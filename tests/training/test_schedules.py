"""The learning rate over a run."""

import pytest

from voxnas.training.schedules import Cosine, Exponential

SCHEDULES = [Cosine(warmup_steps=10, final=0.1), Exponential(warmup_steps=10, final=0.1)]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_warm_up_is_linear_and_ends_at_the_full_rate(schedule):
    assert [schedule(step, 0.0) for step in (0, 4, 9, 10)] == pytest.approx([0.1, 0.5, 1.0, 1.0])


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_after_the_warm_up_it_falls_to_its_final_value(schedule):
    factors = [schedule(1000, i / 100) for i in range(101)]
    assert factors == sorted(factors, reverse=True)
    assert (factors[0], factors[-1]) == pytest.approx((1.0, 0.1))
    assert schedule(1000, 1.5) == pytest.approx(0.1)  # a run that takes longer than planned


def test_halfway_by_hand():
    assert Cosine(0, 0.1)(0, 0.5) == pytest.approx(0.55)
    assert Exponential(0, 0.01)(0, 0.5) == pytest.approx(0.1)
