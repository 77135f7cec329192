"""Each check of one recording speaks when it should, and only then."""

import numpy as np
import pytest
from known_amps import RATE, distort

from voxnas.audio.checks import check_lengths, check_rates, check_recording, check_relation, measure_levels


def levels_of(samples: np.ndarray) -> dict[str, str]:
    return {finding.check: finding.level for finding in check_recording("x.wav", samples)}


def test_a_good_recording_has_nothing_to_say(guitar: np.ndarray) -> None:
    assert set(levels_of(guitar).values()) == {"ok"}
    assert set(levels_of(distort(guitar)).values()) == {"ok"}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_not_finite(guitar: np.ndarray, bad: float) -> None:
    broken = guitar.copy()
    broken[[5, -1]] = bad
    (finding,) = [f for f in check_recording("x.wav", broken) if f.check == "finite"]
    assert (finding.level, finding.value) == ("error", 2)
    assert finding.message.startswith("x.wav")


@pytest.mark.parametrize("level", [0, 1e-6])
def test_silence(guitar: np.ndarray, level: float) -> None:
    assert levels_of(np.float32(level) * guitar)["level"] == "error"


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("limit", "share"), [(0.9, 7 / 20), (0.3, 0)]
)  # the lower: a pedal's, not a converter's
def test_clipping_is_a_run_at_the_extreme(sign: int, limit: float, share: float) -> None:
    shape = np.array([1, 1, 1, 0, 1, 1, 0, 1, 0, 1, 1, 1, 1, 0, -0.5, -0.5, -0.4, 0, 0.9, 0.9])
    levels = measure_levels((sign * limit * shape).astype(np.float32))
    assert levels.clipped_share == pytest.approx(share)


def test_clipping_is_warned_of(guitar: np.ndarray) -> None:
    assert levels_of(np.clip(4 * guitar, -2, 1))["clipping"] == "warning"


def test_dc_offset(guitar: np.ndarray) -> None:
    assert levels_of(guitar + np.float32(0.01))["dc offset"] == "warning"


def test_levels_by_hand() -> None:
    levels = measure_levels(np.array([0.5, -0.5, 0.5, 0.1], np.float32))
    assert levels.peak == pytest.approx(0.5)
    assert levels.mean == pytest.approx(0.15)
    assert levels.rms == pytest.approx(np.sqrt(0.19), rel=1e-6)


def test_rates() -> None:
    assert check_rates(44_100, 48_000, None).level == "error"
    assert check_rates(44_100, 48_000, 48_000).level == "notice"
    assert check_rates(48_000, 48_000, None).level == check_rates(48_000, 48_000, 48_000).level == "ok"


def test_lengths() -> None:
    assert check_lengths(10 * RATE, 10 * RATE, RATE).level == "ok"
    assert check_lengths(10 * RATE, 11 * RATE, RATE).level == "notice"
    assert check_lengths(11 * RATE + 1, 10 * RATE, RATE).level == "error"


@pytest.mark.parametrize(
    ("gain", "linear", "nonlinear", "level"),
    [
        (0, 0, 0, "error"),
        (0.99, 0.98, 0.97, "error"),
        (0.5, 1e-5, 1e-5, "warning"),
        (0.99, 0.9, 0.85, "warning"),
        (0.5, 0.2, 0.05, "ok"),
    ],
)
def test_relation(gain: float, linear: float, nonlinear: float, level: str) -> None:
    assert check_relation(gain, linear, nonlinear).level == level


def test_a_few_samples_are_told_as_samples() -> None:
    assert "input is 3 samples longer" in check_lengths(48_000, 47_997, 48_000).message
    assert "target is 1 sample longer" in check_lengths(48_000, 48_001, 48_000).message
    assert "input is 0.500 s longer" in check_lengths(48_000, 24_000, 48_000).message
