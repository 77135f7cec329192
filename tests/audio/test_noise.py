"""Hum and hiss are measured where the guitar pauses, and below a dull guitar that does not."""

import numpy as np
import pytest
from known_amps import RATE, distort
from material.reamp_signal import make_reamp_signal

from voxnas.audio.noise import measure_noise


def hum(samples: int, mains: float, level: float) -> np.ndarray:
    """A line at the mains' frequency and one at twice it, each of so many dBFS RMS."""
    t = np.arange(samples) / RATE
    amplitude = 10 ** (level / 20) * np.sqrt(2)
    return amplitude * (np.sin(2 * np.pi * mains * t + 1) + np.sin(4 * np.pi * mains * t))


def hiss(samples: int, level: float) -> np.ndarray:
    return 10 ** (level / 20) * np.random.default_rng(5).standard_normal(samples)


@pytest.fixture(scope="module")
def take() -> tuple[np.ndarray, np.ndarray]:
    """40 s of plucked notes, and the same through an amp and a cabinet's treble."""
    dry = make_reamp_signal(seed=1)[20 * RATE : 60 * RATE]
    return dry, distort(dry, 1500, 1)


@pytest.mark.parametrize("mains", [50, 60])
@pytest.mark.parametrize("paused", [False, True])
def test_hum_and_hiss_have_their_levels(take, mains: int, paused: bool) -> None:
    dry, amp = (samples.copy() for samples in take)
    if paused:
        dry[12 * RATE : 15 * RATE] = 0
        amp[12 * RATE : 15 * RATE] = 0
    noise = hum(len(amp), mains, -62) + hiss(len(amp), -60)
    found = measure_noise(dry, (amp + noise).astype(np.float32), RATE)
    assert found.from_pauses == paused
    assert found.hiss == pytest.approx(-60, abs=1)
    assert set(found.hum) == {mains, 2 * mains}
    assert list(found.hum.values()) == pytest.approx([-62, -62], abs=1.5)
    assert found.floor(amp) == pytest.approx(np.mean(noise**2) / np.mean(np.square(amp)), rel=0.25)
    message = found.finding(amp).message
    assert f"hiss {found.hiss:.0f} dBFS" in message
    assert f"hum of {mains} Hz mains" in message


@pytest.mark.parametrize("gain", [1, 20])
def test_a_clean_target_has_none(take, gain: float) -> None:
    dry, _ = take
    amp = distort(dry, 4000, gain)
    found = measure_noise(dry, amp, RATE)
    assert (found.hiss, found.hum, found.floor(amp)) == (None, {}, None)
    assert found.finding(amp).message == "no noise measurable in target"


def test_silence_and_snippets_are_survived() -> None:
    for samples in (0, 100, 3 * RATE):
        nothing = np.zeros(samples, np.float32)
        assert measure_noise(nothing, nothing, RATE).floor(nothing) is None
