"""The clip's levels are the format's, and loudness and gain are right for devices known by formula."""

import numpy as np
import pytest

from voxnas.engine.base import StreamingEngine
from voxnas.export.loudness import gain, guitar_clip, loudness_db


class Formula(StreamingEngine):
    """Plays a memoryless function."""

    name = "formula"

    def __init__(self, function) -> None:
        self.function = function

    def reset(self) -> None:
        pass

    def process(self, block):
        return self.function(block).astype(np.float32)


@pytest.mark.parametrize("sample_rate", [44100, 48000, 96000])
def test_the_clip_has_the_levels_that_the_format_prescribes(sample_rate):
    clip = guitar_clip(sample_rate)
    assert clip.shape == (sample_rate,)
    assert 20 * np.log10(np.sqrt(np.mean(clip.astype(np.float64) ** 2))) == pytest.approx(-14.97, abs=1e-4)
    assert np.abs(clip).max() == pytest.approx(0.712, abs=1e-6)
    np.testing.assert_array_equal(clip, guitar_clip(sample_rate))


def test_loudness_is_the_outputs_rms():
    assert loudness_db(Formula(lambda x: x), 48000) == pytest.approx(-14.97, abs=1e-3)
    assert loudness_db(Formula(lambda x: 0.5 * x), 48000) == pytest.approx(-20.99, abs=1e-2)


def test_gain_goes_from_a_wire_to_a_device_that_knows_one_level():
    assert gain(Formula(lambda x: 3 * x), 48000) == pytest.approx(0, abs=1e-5)
    constant = gain(Formula(lambda x: np.full_like(x, 0.5)), 48000)
    assert constant == pytest.approx(1)
    square = gain(Formula(np.sign), 48000)  # as constant, but for silence at level 0
    assert square == pytest.approx((10 - 5.5) / 5.5, abs=1e-2)
    drives = [gain(Formula(lambda x, d=d: np.tanh(d * x)), 48000) for d in (0.1, 1, 10, 100)]
    assert drives == sorted(drives)


def test_a_gate_has_no_negative_gain():
    assert gain(Formula(lambda x: np.where(np.abs(x) > 0.6, x, 0)), 48000) == 0


def test_a_silent_model_has_neither():
    assert loudness_db(Formula(np.zeros_like), 48000) is None
    assert gain(Formula(np.zeros_like), 48000) is None
