"""Meters show the levels of known signals, and the load counts what it is told."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxnas.engine.live.meters import SILENCE_DBFS, Load, Meter, decibels

RATE = 48000


def sine(amplitude: float, seconds: float = 3.0) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * 1000 * np.arange(round(seconds * RATE)) / RATE)).astype("f4")


def fed(meter: Meter, signal: np.ndarray, block: int = 128) -> Meter:
    for start in range(0, len(signal), block):
        meter.add(signal[start : start + block])
    return meter


@pytest.mark.parametrize("block", [64, 480, 1000])
@pytest.mark.parametrize("dbfs", [0, -6, -40])
def test_a_sine_has_its_peak_and_an_rms_three_decibels_below(block, dbfs):
    meter = fed(Meter(RATE), sine(10 ** (dbfs / 20)), block)
    assert meter.peak_dbfs == pytest.approx(dbfs, abs=0.05)
    assert meter.rms_dbfs == pytest.approx(dbfs - 3.01, abs=0.05)


def test_the_levels_fall_with_silence_and_the_highest_stays():
    meter = fed(Meter(RATE), sine(0.5))
    assert fed(meter, np.zeros(RATE // 2, "f4")).peak_dbfs < -10
    assert fed(meter, np.zeros(60 * RATE, "f4")).rms_dbfs == SILENCE_DBFS
    assert meter.highest == pytest.approx(0.5, abs=1e-4)


def test_a_clip_is_counted_and_shown_for_two_seconds():
    meter = Meter(RATE)
    assert not meter.clipped
    fed(meter, np.full(256, 0.999, "f4"))
    assert (meter.clips, meter.clipped) == (0, False)
    fed(meter, np.array([0, -1.0], "f4"))
    assert (meter.clips, meter.clipped) == (1, True)
    assert fed(meter, np.zeros(round(1.9 * RATE), "f4")).clipped
    assert not fed(meter, np.zeros(round(0.2 * RATE), "f4")).clipped


@given(st.lists(st.tuples(st.floats(0, 0.02), st.integers(1, 512)), min_size=1, max_size=50))
def test_the_load_is_time_over_duration(blocks):
    load = Load(RATE)
    for seconds, samples in blocks:
        load.add(seconds, samples)
    shares = [seconds * RATE / samples for seconds, samples in blocks]
    played = sum(samples for _, samples in blocks) / RATE
    assert (load.blocks, load.misses) == (len(blocks), sum(share > 1 for share in shares))
    assert load.max == pytest.approx(max(shares))
    assert load.mean == pytest.approx(sum(seconds for seconds, _ in blocks) / played)
    assert 0 <= load.recent <= max(shares) + 1e-12
    assert load.seconds == pytest.approx(played)


def test_nothing_played_is_no_load():
    load = Load(RATE)
    assert (load.mean, load.max, load.recent, load.seconds) == (0, 0, 0, 0)


@given(st.floats(1e-5, 10))
def test_decibels_are_twenty_log(amplitude):
    assert decibels(amplitude) == pytest.approx(20 * math.log10(amplitude))
    assert decibels(0.0) == SILENCE_DBFS
