"""The simulated schedules of benchmarks/schedule.py."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from schedule import Candidates, batches, rungs

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
