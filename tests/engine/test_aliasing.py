"""The aliasing-to-signal ratio is what the formula says, for models whose aliases are known."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxnas.engine.aliasing import LEVEL_DBFS, Aliasing, default_pitches, measure_aliasing, overall
from voxnas.engine.base import StreamingEngine
from voxnas.engine.make import make_engine
from voxnas.models.wavenet import stack
from voxnas.utils.errors import InputError

RATE = 48_000
PEAK = 10 ** (LEVEL_DBFS / 20)


class Curve(StreamingEngine):
    """A model without memory."""

    name = "curve"

    def __init__(self, curve: Callable[[np.ndarray], np.ndarray]) -> None:
        self.curve = curve

    def reset(self) -> None:
        pass

    def process(self, block: np.ndarray) -> np.ndarray:
        return self.curve(block.astype(np.float64))


class HalfRate(StreamingEngine):
    """Holds every second sample: its aliases are images around half of its own rate."""

    name = "half rate"

    def reset(self) -> None:
        self.odd, self.held = False, 0.0

    def process(self, block: np.ndarray) -> np.ndarray:
        out = []
        for sample in block:
            self.held = self.held if self.odd else float(sample)
            self.odd = not self.odd
            out.append(self.held)
        return np.array(out, np.float32)


def asr(curve: Callable[[np.ndarray], np.ndarray], *pitches: float) -> list[float]:
    return [at.asr for at in measure_aliasing(Curve(curve), RATE, 0, pitches)]


@given(st.floats(60, 11_900), st.floats(0.01, 2))
def test_what_stays_below_half_the_rate_has_no_aliases(pitch: float, amount: float) -> None:
    assert asr(lambda x: x + amount * x**2, pitch)[0] < 1e-12


@given(st.floats(12_100, 23_000), st.floats(0.01, 2))
def test_a_square_whose_octave_folds_back_has_the_ratio_of_the_two_sines(pitch: float, amount: float) -> None:
    """(A sin)² = A²/2 (1 - cos 2·): an alias of A²/2 beside a fundamental of A."""
    assert asr(lambda x: x + amount * x**2, pitch)[0] == pytest.approx((amount * PEAK / 2) ** 2, rel=1e-4)


def test_hard_clipping_aliases_more_than_soft_and_more_the_higher_the_pitch() -> None:
    pitches = (200.0, 1500.0, 6000.0)
    hard = asr(lambda x: np.clip(20 * x, -1, 1), *pitches)
    soft = asr(lambda x: np.tanh(20 * x), *pitches)
    assert hard == sorted(hard)
    assert soft == sorted(soft)
    assert all(s < h for s, h in zip(soft, hard, strict=True))


def test_a_model_at_half_the_rate_is_measured_over_its_own_period() -> None:
    """Holding for two samples leaves an image at fs/2 - f of tan²(πf/fs) times the fundamental's energy."""
    found = measure_aliasing(HalfRate(), RATE, 100, [3000.0], period=2)[0]
    assert found.asr == pytest.approx(np.tan(np.pi * found.hz / RATE) ** 2, rel=1e-3)


def test_energy_at_half_the_rate_counts_once() -> None:
    """Where DC has its image; a sine of peak p has a power of p²/2, what alternates between ±a one of a²."""

    class Alternates(HalfRate):
        def process(self, block: np.ndarray) -> np.ndarray:
            return block + 0.01 * (-1.0) ** np.arange(len(block))

    found = measure_aliasing(Alternates(), RATE, 0, [3000.0], period=2)[0]
    assert found.asr == pytest.approx(0.01**2 / (PEAK**2 / 2), rel=1e-3)


def test_silence_has_no_ratio() -> None:
    assert measure_aliasing(Curve(np.zeros_like), RATE, 0) == []
    assert overall([]) is None


def test_one_figure_is_the_mean_in_decibels() -> None:
    assert overall([Aliasing(100, 1e-2), Aliasing(200, 1e-4)]) == pytest.approx(1e-3)


def test_a_network_settles_before_it_is_measured() -> None:
    network = stack(4, 4, head_scale=1.0)
    once = measure_aliasing(make_engine(network), RATE, network.receptive_field, [440.0, 5000.0])
    later = measure_aliasing(make_engine(network), RATE, 9 * network.receptive_field, [440.0, 5000.0])
    assert [a.asr for a in once] == pytest.approx([a.asr for a in later], rel=1e-3)


def test_pitches_reach_from_the_lowest_string_to_ten_kilohertz() -> None:
    assert default_pitches(48_000)[0] == pytest.approx(82.4)
    assert default_pitches(48_000)[-1] == pytest.approx(10_000)
    assert default_pitches(8_000)[-1] < 4_000


def test_a_pitch_beyond_half_the_rate_is_refused() -> None:
    with pytest.raises(InputError, match="not between 0 and 24000 Hz"):
        asr(lambda x: x, 30_000.0)
