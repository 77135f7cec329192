"""The overdrive's clipping stage: an op-amp with anti-parallel diodes in its feedback, solved as such."""

import numpy as np
from scipy.signal import bilinear, lfilter

from voxnas.audio.demo.chunks import rejoin, side_by_side

INPUT_OHM = 4.7e3
INPUT_F = 0.047e-6
FEEDBACK_OHM = 51e3
DRIVE_POT_OHM = 500e3
FEEDBACK_F = 51e-12
DIODE_SATURATION_A = 2.52e-9
DIODE_THERMAL_V = 45.3e-3  # emission coefficient × thermal voltage of the 1N914

TOLERANCE_V = 1e-9
MAX_ITERATIONS = 50
CHUNK = 2048
MEMORY_TIME_CONSTANTS = 40  # exp(-40) = 4e-18: below double precision


def clip(volts: np.ndarray, sample_rate: int, drive: float, chunk: int = CHUNK) -> np.ndarray:
    """Return the stage's output in volts for an input in volts at an already oversampled rate.

    With an ideal op-amp the input branch (R1, C1) carries i, which flows on through the feedback's resistor,
    capacitor and diodes; V is the voltage across them, and the output is v_in + V:

        C2 dV/dt = i - V / (R2 + R_pot) - 2 I_s sinh(V / V_t)

    Source: Yeh, Abel and Smith, "Simplified, physically-informed models of distortion and overdrive guitar
    effects pedals", DAFx 2007, with their values. `chunk` samples are solved side by side with all others.
    """
    resistance_ohm = FEEDBACK_OHM + drive**2 * DRIVE_POT_OHM  # a pot of audio taper
    branch = bilinear([INPUT_F, 0.0], [INPUT_OHM * INPUT_F, 1.0], fs=sample_rate)
    warmup = int(np.ceil(MEMORY_TIME_CONSTANTS * resistance_ohm * FEEDBACK_F * sample_rate))
    current_a = side_by_side(lfilter(*branch, volts), chunk, warmup)
    return volts + rejoin(_feedback_volts(current_a, sample_rate, resistance_ohm), warmup, len(volts))


def diode_current_a(volts: np.ndarray) -> np.ndarray:
    """Return the current in amperes through the anti-parallel pair at `volts` (Shockley, twice)."""
    return 2 * DIODE_SATURATION_A * np.sinh(volts / DIODE_THERMAL_V)


def _feedback_volts(current_a: np.ndarray, sample_rate: int, resistance_ohm: float) -> np.ndarray:
    """Integrate every column of `current_a` by BDF2, which is of second order and damps the stiff diodes.

    (3 V[n] - 4 V[n-1] + V[n-2]) / 2T = f(V[n]) becomes slope * V + diodes(V) = known.
    """
    per_volt = FEEDBACK_F * sample_rate / 2
    slope = 3 * per_volt + 1 / resistance_ohm
    voltage = np.empty_like(current_a)
    last = before_last = np.zeros(current_a.shape[1])
    for step, current in enumerate(current_a):
        known = current + per_volt * (4 * last - before_last)
        before_last, last = last, solve_node(known, slope)
        voltage[step] = last
    return voltage


def solve_node(known_a: np.ndarray, slope_s: float) -> np.ndarray:
    """Solve slope * V + 2 I_s sinh(V / V_t) = known for V, to `TOLERANCE_V`, by Newton's iteration.

    Resistor and diodes each alone would need a larger |V|. The steps start from the smaller of these two, on
    the outer side of the root of an odd function that bends outward, where they cannot overshoot: that is the
    safeguard.

    Raises:
        FloatingPointError: no convergence, which only input that is not finite can bring about.
    """
    diodes_alone = DIODE_THERMAL_V * np.arcsinh(known_a / (2 * DIODE_SATURATION_A))
    resistor_alone = known_a / slope_s
    volts = np.where(np.abs(diodes_alone) < np.abs(resistor_alone), diodes_alone, resistor_alone)
    for _ in range(MAX_ITERATIONS):
        up = DIODE_SATURATION_A * np.exp(volts / DIODE_THERMAL_V)
        down = DIODE_SATURATION_A**2 / up
        error = slope_s * volts + (up - down) - known_a
        step = error / (slope_s + (up + down) / DIODE_THERMAL_V)
        volts -= step
        if np.max(np.abs(step)) < TOLERANCE_V:
            return volts
    raise FloatingPointError("the clipping stage's equation did not converge")
