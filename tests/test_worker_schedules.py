"""The simulated schedules of benchmarks/schedule.py and benchmarks/ladder_schedule.py."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ladder_schedule import Course, climb
from schedule import Candidates, batches, rungs
from workers import ladders

TIMES = st.lists(st.floats(0.1, 10.0), min_size=1, max_size=40)


def candidates(seconds: list[float]) -> Candidates:
    count = len(seconds)
    return Candidates(np.array(seconds), np.arange(count) / count, np.ones(count))


@given(TIMES, st.integers(1, 50))
def test_no_schedule_beats_its_work_or_its_longest_run(seconds, workers):
    for made in (
        rungs(candidates(seconds), workers, (2,), (), 0.5),
        batches(candidates(seconds), workers, 2, 0.5),
    ):
        work = 2 * sum(seconds) + 0.5 * len(seconds)
        assert made.seconds >= max(work / workers, 2 * max(seconds) + 0.5) * (1 - 1e-9)
        assert made.idle == pytest.approx(1 - work / (made.seconds * workers))
        assert made.frontier_s <= made.seconds * (1 + 1e-9)


@given(TIMES)
def test_one_worker_is_never_idle(seconds):
    made = rungs(candidates(seconds), 1, (1, 3), (0.5,), 0.0)
    assert made.idle == pytest.approx(0.0, abs=1e-9)


def test_a_rung_waits_for_its_last_and_half_go_on():
    made = rungs(candidates([1.0, 2.0, 3.0, 4.0]), 2, (1, 10), (0.5,), 0.0)
    # 1 and then 3 on one worker, 2 and then 4 on the other: 6; then candidates 0 and 1 side by side: 20 more
    assert made.seconds == 26.0
    assert made.idle == pytest.approx(1 - (10 + 30) / 52)
    assert made.frontier_s == 16.0  # of equal costs the lowest loss alone is on it


def test_a_batch_takes_as_long_as_its_longest():
    assert batches(candidates([1.0, 9.0, 2.0, 2.0, 5.0]), 2, 1, 0.0).seconds == 9.0 + 2.0 + 5.0


def course(seconds: list[float], *epochs: int) -> Course:
    return Course(candidates(seconds), epochs, 0)


@given(TIMES, st.integers(1, 50), st.booleans())
def test_no_ladder_beats_its_work_or_its_longest_run(seconds, workers, asynchronous):
    made = climb(course(seconds, 2, 3), workers, (0.5,), 0.5, asynchronous, len(seconds))
    assert made.busy_s / workers <= made.seconds * (1 + 1e-9)
    assert made.seconds >= 2 * max(seconds) + 0.5
    assert len(made.ends) == len(seconds) + made.promoted[0]
    assert made.promoted[0] >= max(1, len(seconds) // 2)


@given(TIMES, st.booleans())
def test_a_ladder_of_one_worker_is_never_idle(seconds, asynchronous):
    made = climb(course(seconds, 1, 3), 1, (0.5,), 0.0, asynchronous, len(seconds))
    assert made.idle == pytest.approx(0.0, abs=1e-9)


def test_the_synchronous_ladder_is_the_one_with_barriers():
    seconds = [1.0, 2.0, 3.0, 4.0, 7.0]
    patient = climb(course(seconds, 1, 10), 2, (0.4,), 0.0, False, 5)
    # 1, 3 and 7 on one worker: 11; then two side by side
    assert patient.promoted == [2]
    assert patient.seconds > 11.0
    early = climb(course(seconds, 1, 10), 2, (0.4,), 0.0, True, 5)
    assert min(end for end, _ in early.ends[3:]) < 11.0


def test_without_barriers_many_workers_are_busy_and_find_no_less():
    """Smaller than the benchmark, whose figures are in the README."""
    found = [ladders(seed, workers=16, count=64, pool=2048) for seed in range(3)]
    for patient, _, further in found:
        assert patient["idle"] > 0.5
        assert further["idle"] <= 0.15
    assert sum(further["hypervolume"] - patient["hypervolume"] for patient, _, further in found) >= 0


@pytest.mark.slow
def test_sixty_four_workers_are_busy():
    patient, _, further = ladders(0, workers=64)
    assert patient["idle"] > 0.7
    assert further["idle"] <= 0.15
    assert further["hypervolume"] >= patient["hypervolume"]
