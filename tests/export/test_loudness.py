"""The clip's levels are the format's, and loudness and gain are right for devices known by formula."""

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from voxnas.engine.base import StreamingEngine
from voxnas.export.loudness import gain, loudness_db, standard_clip


class Formula(StreamingEngine):
    """Plays a memoryless function."""

    name = "formula"

    def __init__(self, function) -> None:
        self.function = function

    def reset(self) -> None:
        pass

    def process(self, block):
        return self.function(block).astype(np.float32)


@pytest.mark.parametrize("sample_rate", [8000, 44100, 48000, 96000])
def test_the_clip_has_the_levels_that_the_format_prescribes(sample_rate):
    clip = standard_clip(sample_rate)
    assert clip.shape == (sample_rate,)
    assert 20 * np.log10(np.sqrt(np.mean(clip.astype(np.float64) ** 2))) == pytest.approx(-14.97, abs=1e-4)
    assert np.abs(clip).max() == pytest.approx(0.712, abs=1e-6)
    np.testing.assert_array_equal(clip, standard_clip(sample_rate))


def test_the_clip_has_the_spectrum_that_the_format_prescribes():
    """Half of its power below 300 Hz, and about as much in each octave that a guitar plays."""
    power = np.abs(np.fft.rfft(standard_clip())) ** 2
    share = power / power[1:].sum()
    assert share[1:300].sum() == pytest.approx(0.54, abs=0.01)
    octaves = [share[low : 2 * low].sum() for low in (64, 128, 256, 512, 1024, 2048, 4096)]
    assert octaves == pytest.approx([0.07] * 7, abs=0.015)


@pytest.mark.parametrize(
    ("high_pass_hz", "drive", "low_pass_hz", "loudness", "gain_"),
    [
        (20, 1, 8000, -17.34, 0.010),
        (300, 3, 12000, -10.76, 0.045),
        (100, 10, 5000, -4.66, 0.266),
        (1500, 30, 6000, -4.56, 0.456),
        (720, 100, 3000, -4.71, 0.717),
    ],
)
def test_both_are_those_of_the_plug_in_s_own_trainer(high_pass_hz, drive, low_pass_hz, loudness, gain_):
    """The figures are those that its clip gives of these circuits."""
    before, after = (
        butter(1, hz, kind, fs=48000, output="sos")
        for hz, kind in ((high_pass_hz, "high"), (low_pass_hz, "low"))
    )
    circuit = Formula(lambda x: sosfilt(after, np.tanh(drive * sosfilt(before, x))))
    assert loudness_db(circuit, 48000) == pytest.approx(loudness, abs=0.1)
    assert gain(circuit, 48000) == pytest.approx(gain_, abs=0.01)


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
