"""The demo rig's compressor turns down what is loud, remembers it, and is there only if asked for."""

import numpy as np
import pytest

from voxnas.audio.demo.cache import demo_paths
from voxnas.audio.demo.compressor import RATIO, compress, gain
from voxnas.audio.demo.rig import play_amp
from voxnas.utils.errors import InputError

RATE = 16_000
KNOBS = {"seconds": 2.0, "sample_rate": RATE, "seed": 0}


def tone(volts: float, seconds: float) -> np.ndarray:
    return volts * np.sin(2 * np.pi * 200 / RATE * np.arange(round(seconds * RATE)))


def level(volts: np.ndarray) -> float:
    return float(np.sqrt(np.mean(volts[-RATE // 4 :] ** 2)))


def test_without_it_the_rig_and_its_files_are_what_they_were() -> None:
    dry = tone(0.3, 0.5).astype(np.float32)
    np.testing.assert_array_equal(play_amp(dry, RATE), play_amp(dry, RATE, compress=0.0))
    assert demo_paths("x", **KNOBS) == demo_paths("x", **KNOBS, compress=0.0)
    assert demo_paths("x", **KNOBS) != demo_paths("x", **KNOBS, compress=0.5)
    assert demo_paths("x", seconds=8.0, sample_rate=48_000, seed=0)[0].parent.name == "9831e15bc9ce5860"


def test_above_the_threshold_four_decibels_become_one() -> None:
    steps = 20 * np.log10(gain(np.array([1.0, 2.0]), 0.001) * [1.0, 2.0])
    assert np.diff(steps)[0] == pytest.approx(20 * np.log10(2) / RATIO, rel=1e-3)
    assert gain(np.array(1e-5), 0.01) == pytest.approx(1.0, abs=1e-5)


def test_loud_playing_comes_out_less_loud_beside_soft_playing() -> None:
    loud, soft = (level(compress(tone(volts, 1), RATE, 0.8)) for volts in (0.4, 0.04))
    assert loud / soft < 3.0


def test_a_quarter_of_a_second_later_it_still_remembers_a_loud_note() -> None:
    after = np.concatenate([tone(0.4, 1), tone(0.02, 1)])
    before = np.concatenate([tone(0.0, 1), tone(0.02, 1)])
    loud, quiet = (compress(volts, RATE, 0.8)[RATE : RATE + RATE // 4] for volts in (after, before))
    assert level(loud) < 0.6 * level(quiet)


def test_chunks_are_not_heard() -> None:
    volts = tone(0.3, 7) * np.linspace(0, 1, 7 * RATE)
    whole = compress(volts, RATE, 0.7)
    np.testing.assert_allclose(
        compress(volts[: 5 * RATE], RATE, 0.7), whole[: 5 * RATE], rtol=1e-4, atol=1e-6
    )


def test_an_amount_off_the_panel_is_refused() -> None:
    with pytest.raises(InputError, match="compress=2: the demo rig takes a number from 0 to 1"):
        play_amp(tone(0.1, 0.1), RATE, compress=2)
