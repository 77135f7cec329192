"""What simple models leave tells a copy, a filter, an amp and another take apart."""

import numpy as np
import pytest
from known_amps import distort

from voxnas.audio.residual import linear_residual, nonlinear_residual


def test_a_copy_leaves_nothing(guitar: np.ndarray) -> None:
    assert linear_residual(guitar, -0.3 * guitar, taps=1) < 1e-8


def test_a_short_filter_leaves_nothing_but_a_gain_does(guitar: np.ndarray) -> None:
    response = np.random.default_rng(0).standard_normal(100) * np.exp(-np.arange(100) / 20)
    filtered = np.convolve(guitar, response)[: len(guitar)]
    assert linear_residual(guitar, filtered, taps=128) < 1e-4
    assert linear_residual(guitar, filtered, taps=1) > 0.1


def test_one_tap_by_hand() -> None:
    x, y = np.array([1.0, 2, -1, 0.5]), np.array([2.0, 3, -1, 2])
    gain = (x @ y) / (x @ x)
    assert linear_residual(x, y, taps=1) == pytest.approx(np.sum((y - gain * x) ** 2) / (y @ y), rel=1e-6)


def test_an_amp_needs_the_nonlinear_fit(guitar: np.ndarray) -> None:
    amped = distort(guitar, gain=30)
    assert nonlinear_residual(guitar, amped) < 0.3 * linear_residual(guitar, amped)


def test_another_take_stays_unexplained(guitar: np.ndarray) -> None:
    other = np.random.default_rng(5).standard_normal(len(guitar))
    assert linear_residual(guitar, other) > 0.95
    assert nonlinear_residual(guitar, other) > 0.95


def test_silence_explains_nothing(guitar: np.ndarray) -> None:
    assert linear_residual(guitar, 0 * guitar) == 1
    assert linear_residual(0 * guitar, guitar) == pytest.approx(1)
