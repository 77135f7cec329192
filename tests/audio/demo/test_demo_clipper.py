import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from voxnas.audio.demo import clipper
from voxnas.audio.demo.clipper import clip, diode_current_a, solve_node

RATE = 192_000


def sine(frequency_hz: float, seconds: float, peak_v: float, rate: int = RATE) -> np.ndarray:
    return peak_v * np.sin(2 * np.pi * frequency_hz * np.arange(round(seconds * rate)) / rate)


def reference(
    source_v: np.ndarray, frequency_hz: float, resistance_ohm: float, rate: int = RATE
) -> np.ndarray:
    """The stage's two differential equations in continuous time, by an adaptive stiff solver."""
    peak_v = source_v.max()

    def derivative(time_s: float, state: np.ndarray) -> list[float]:
        capacitor_v, feedback_v = state
        current_a = (peak_v * np.sin(2 * np.pi * frequency_hz * time_s) - capacitor_v) / clipper.INPUT_OHM
        feedback_a = current_a - feedback_v / resistance_ohm - diode_current_a(feedback_v)
        return [current_a / clipper.INPUT_F, feedback_a / clipper.FEEDBACK_F]

    times_s = np.arange(len(source_v)) / rate
    solution = solve_ivp(
        derivative, (0, times_s[-1]), [0, 0], "Radau", t_eval=times_s, rtol=1e-8, atol=1e-10, max_step=1e-5
    )
    return source_v + solution.y[1]


@pytest.mark.parametrize(("drive", "peak_v"), [(0.0, 0.02), (0.5, 0.1), (1.0, 0.3)])
def test_follows_the_circuit_s_differential_equations(drive: float, peak_v: float) -> None:
    resistance_ohm = clipper.FEEDBACK_OHM + drive**2 * clipper.DRIVE_POT_OHM
    source_v = sine(500, 0.006, peak_v)
    exact = reference(source_v, 500, resistance_ohm)
    assert np.sum((clip(source_v, RATE, drive) - exact) ** 2) / np.sum(exact**2) < 1e-5


def error_v(rate: int) -> float:
    source_v = sine(1000, 0.004, 0.02, rate)
    difference = clip(source_v, rate, 0.0) - reference(source_v, 1000, clipper.FEEDBACK_OHM, rate)
    return float(np.sqrt(np.mean(difference[len(difference) // 2 :] ** 2)))


def test_the_method_is_of_second_order() -> None:
    assert 3.5 < error_v(RATE) / error_v(2 * RATE) < 4.5


@pytest.mark.parametrize("slope_s", [1e-6, 1.7e-5, 1e-3])
def test_newton_finds_the_root_from_picoamperes_to_amperes(slope_s: float) -> None:
    known_a = np.concatenate([[0.0], np.logspace(-12, 0, 41), -np.logspace(-12, 0, 41)])
    roots = [
        brentq(
            lambda volts, known=known: slope_s * volts + diode_current_a(volts) - known, -1.5, 1.5, xtol=1e-13
        )
        for known in known_a
    ]
    np.testing.assert_allclose(solve_node(known_a, slope_s), roots, atol=1e-9)


def test_input_that_is_not_finite_does_not_pass_for_solved() -> None:
    with pytest.raises(FloatingPointError):
        solve_node(np.array([0.0, np.nan]), 1e-5)


def test_chunks_side_by_side_equal_one_run_in_time() -> None:
    volts = 0.1 * np.random.default_rng(0).standard_normal(20_000)
    sequential = clip(volts, RATE, 1.0, chunk=len(volts))
    np.testing.assert_allclose(clip(volts, RATE, 1.0), sequential, atol=1e-8)


def test_without_the_warm_up_chunks_would_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """So the test before this one can fail."""
    volts = 0.1 * np.random.default_rng(0).standard_normal(20_000)
    sequential = clip(volts, RATE, 1.0, chunk=len(volts))
    monkeypatch.setattr(clipper, "MEMORY_TIME_CONSTANTS", 1)
    assert np.max(np.abs(clip(volts, RATE, 1.0) - sequential)) > 1e-4


def test_an_odd_circuit_makes_odd_harmonics_only() -> None:
    wave = clip(sine(1000, 0.05, 0.2), RATE, 0.5)[-RATE // 50 :]
    harmonics = np.abs(np.fft.rfft(wave))[:: len(wave) * 1000 // RATE][1:10]
    assert np.all(harmonics[1::2] < 1e-5 * harmonics[0])
    assert harmonics[2] > 0.05 * harmonics[0]


def test_turning_the_input_over_turns_the_output_over() -> None:
    volts = 0.1 * np.random.default_rng(1).standard_normal(5000)
    np.testing.assert_allclose(clip(-volts, RATE, 0.7), -clip(volts, RATE, 0.7), atol=1e-9)


def test_small_signals_are_amplified_by_the_ratio_of_impedances() -> None:
    """Without diodes: gain = |1 + Z_feedback / Z_input|."""
    wave = clip(sine(1000, 0.05, 1e-5), RATE, 0.0)[-RATE // 50 :]
    branch_ohm = clipper.INPUT_OHM + 1 / (2j * np.pi * 1000 * clipper.INPUT_F)
    feedback = 1 / (1 / clipper.FEEDBACK_OHM + 2j * np.pi * 1000 * clipper.FEEDBACK_F)
    assert np.max(wave) / 1e-5 == pytest.approx(abs(1 + feedback / branch_ohm), rel=0.01)
