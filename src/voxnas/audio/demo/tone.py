"""The overdrive's tone control, as its circuit."""

import numpy as np
from scipy.signal import bilinear, lfilter

SERIES_OHM = 1e3
SHUNT_F = 0.22e-6
BIAS_OHM = 10e3
POT_OHM = 20e3
POT_END_OHM = 20.0
WIPER_OHM = 220.0
WIPER_F = 0.22e-6
FEEDBACK_OHM = 1e3


def tone_filter(tone: float) -> tuple[np.ndarray, np.ndarray]:
    """Return numerator and denominator in s for the knob at `tone`, from 0 (dark) to 1 (bright).

    A passive low-pass feeds an op-amp; the pot between the op-amp's inputs has its wiper grounded through R_z
    and C_z, and thus shunts treble from the input (dark) or from the feedback (bright). With Y_z the wiper's
    admittance, G = 1/R_a + 1/R_b and q = Y_z / (G + Y_z), Kirchhoff's current law gives

        H(s) = (1 + q R_f / R_b) / (1 + R_1 / R_bias + s R_1 C_1 + q R_1 / R_a)
    """
    input_side_ohm = POT_END_OHM + tone * POT_OHM
    feedback_side_ohm = POT_END_OHM + (1 - tone) * POT_OHM
    pot_s = 1 / input_side_ohm + 1 / feedback_side_ohm
    q_over = np.array([WIPER_F, 0.0])
    q_under = np.array([WIPER_F * (1 + pot_s * WIPER_OHM), pot_s])
    numerator = np.polyadd(q_under, FEEDBACK_OHM / feedback_side_ohm * q_over)
    passive = np.array([SERIES_OHM * SHUNT_F, 1 + SERIES_OHM / BIAS_OHM])
    denominator = np.polyadd(np.polymul(passive, q_under), SERIES_OHM / input_side_ohm * q_over)
    return numerator, denominator


def tone_control(volts: np.ndarray, sample_rate: int, tone: float) -> np.ndarray:
    """Filter `volts` with the tone control's circuit."""
    return lfilter(*bilinear(*tone_filter(tone), fs=sample_rate), volts)
