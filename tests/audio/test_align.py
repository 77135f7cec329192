"""The delay between two recordings, whatever the amp does in between."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from known_amps import RATE, delayed, distort
from scipy.signal import butter, lfilter

from voxnas.audio.align import estimate_delay, shift


@pytest.mark.parametrize("delay", [0, 1, 7, 480, 30_000, -1, -480])
def test_pure_delay_is_found_to_the_sample(guitar: np.ndarray, delay: int) -> None:
    found = estimate_delay(guitar, delayed(guitar, delay), RATE)
    assert found.samples == delay
    assert found.found
    assert not found.inverted
    assert not found.drifts


def test_delay_is_found_under_noise_and_inversion(guitar: np.ndarray) -> None:
    noise = 1e-4 * np.random.default_rng(0).standard_normal(len(guitar))
    found = estimate_delay(guitar, -delayed(guitar, 123) + noise, RATE)
    assert abs(found.samples - 123) <= 1
    assert found.inverted


@pytest.mark.parametrize(("delay", "cutoff_hz"), [(40, 12_000), (481, 1500), (9_999, 4000), (-200, 1500)])
@pytest.mark.parametrize("gain", [1, 20, 200])
def test_an_amp_is_never_put_before_its_input(
    guitar: np.ndarray, delay: int, cutoff_hz: float, gain: float
) -> None:
    found = estimate_delay(guitar, delayed(distort(guitar, cutoff_hz, gain), delay), RATE)
    assert delay - 6 <= found.samples <= delay


@pytest.mark.parametrize("cutoff_hz", [1500, 4000])
@pytest.mark.parametrize("gain", [1, 20, 200])
def test_group_delay_of_an_aligned_amp_is_left_alone(
    guitar: np.ndarray, cutoff_hz: float, gain: float
) -> None:
    assert estimate_delay(guitar, distort(guitar, cutoff_hz, gain), RATE).samples == 0


def test_a_ringing_cabinet_stays_causal(guitar: np.ndarray) -> None:
    n = np.arange(2048)
    response = np.exp(-n / 40) * np.sin(2 * np.pi * n * 1800 / RATE + 0.3)
    found = estimate_delay(guitar, delayed(np.convolve(distort(guitar), response)[: len(guitar)], 250), RATE)
    assert 240 <= found.samples <= 250


@settings(max_examples=15, deadline=None)
@given(delay=st.integers(-2000, 2000), seed=st.integers(0, 100))
def test_any_delay_of_a_low_passed_signal_is_found(delay: int, seed: int) -> None:
    b, a = butter(1, 800, fs=RATE)
    dry = lfilter(b, a, np.random.default_rng(seed).standard_normal(2 * RATE)).astype(np.float32)
    found = estimate_delay(dry, delayed(dry, delay), RATE)
    assert found.samples == delay


@pytest.mark.parametrize("ppm", [-100, 20, 200])
def test_clocks_that_disagree_are_found(guitar: np.ndarray, ppm: float) -> None:
    times = np.arange(len(guitar)) * (1 - ppm * 1e-6)
    drifting = np.interp(times, np.arange(len(guitar)), distort(guitar, 4000))
    found = estimate_delay(guitar, drifting, RATE)
    assert found.drifts
    assert found.drift_ppm == pytest.approx(ppm, rel=0.3)


def test_unrelated_recordings_have_no_delay(guitar: np.ndarray) -> None:
    other = np.random.default_rng(3).standard_normal(len(guitar))
    assert not estimate_delay(guitar, other, RATE).found


@pytest.mark.parametrize("samples", [0, 1, 50, 3000])
def test_a_snippet_does_not_break_it(samples: int) -> None:
    snippet = np.random.default_rng(0).standard_normal(samples).astype(np.float32)
    assert estimate_delay(snippet, snippet, RATE).samples == 0


@given(st.integers(2, 50), st.integers(2, 50), st.integers(-60, 60))
def test_shift_pairs_the_same_instants(input_length: int, target_length: int, delay: int) -> None:
    dry, amped = np.arange(input_length), np.arange(target_length)
    first, second = shift(dry, amped, delay)
    assert len(first) == len(second)
    assert np.all(second - first == delay)


@pytest.mark.parametrize("quiet", [0.0, 1e-7])
def test_a_target_that_falls_silent_keeps_its_delay(guitar: np.ndarray, quiet: float) -> None:
    late = delayed(distort(guitar), 480)
    late[len(late) * 2 // 3 :] = quiet * np.random.default_rng(0).standard_normal(
        len(late) - len(late) * 2 // 3
    )
    found = estimate_delay(guitar, late, RATE)
    assert found.found
    assert 474 <= found.samples <= 480
    assert np.abs(found.correlation).max() <= 1


@pytest.mark.parametrize("delay", [72_000, 110_000, -72_000])
def test_a_delay_beyond_a_second_is_found(guitar: np.ndarray, delay: int) -> None:
    found = estimate_delay(guitar, delayed(distort(guitar), delay), RATE)
    assert found.found
    assert delay - 6 <= found.samples <= delay
