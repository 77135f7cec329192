"""Effects that no model learns are warned of; an amp alone is not."""

import numpy as np
import pytest
from known_amps import RATE, delayed, distort
from material.reamp_signal import make_reamp_signal

from voxnas.audio.align import estimate_delay, shift
from voxnas.audio.effects import find_effects
from voxnas.audio.residual import fit_amp


@pytest.fixture(scope="module")
def dry() -> np.ndarray:
    """20 s of plucked notes."""
    return make_reamp_signal(seed=1)[20 * RATE : 40 * RATE]


def warned(dry: np.ndarray, amped: np.ndarray) -> dict[str, float | None]:
    delay = estimate_delay(dry, amped, RATE)
    x, y = shift(dry, amped, delay.samples)
    return {f.check: f.value for f in find_effects(x, y, RATE, delay, fit_amp(x, y))}


@pytest.mark.parametrize("gain", [1, 5, 20])
def test_an_amp_alone_is_not_warned_of(dry: np.ndarray, gain: float) -> None:
    assert warned(dry, distort(dry, gain=gain)) == {}


@pytest.mark.parametrize(("hertz", "depth"), [(1.7, 0.3), (4, 0.6), (9, 0.4)])
def test_a_tremolo(dry: np.ndarray, hertz: float, depth: float) -> None:
    sway = 1 + depth * np.sin(2 * np.pi * hertz * np.arange(len(dry)) / RATE)
    found = warned(dry, (distort(dry, gain=5) * sway).astype(np.float32))
    assert list(found) == ["tremolo"]
    assert found["tremolo"] == pytest.approx(hertz, abs=0.05)


@pytest.mark.parametrize(("seconds", "level"), [(0.4, 0.6), (0.12, 0.5)])
def test_an_echo(dry: np.ndarray, seconds: float, level: float) -> None:
    amped = distort(dry, gain=5)
    found = warned(dry, amped + np.float32(level) * delayed(amped, int(seconds * RATE)))
    assert list(found) == ["echo"]
    assert found["echo"] == pytest.approx(seconds, abs=1e-3)


@pytest.mark.parametrize("gain", [20, 50])
def test_a_swapped_pair(dry: np.ndarray, gain: float) -> None:
    assert list(warned(distort(dry, gain=gain), dry)) == ["swapped"]
