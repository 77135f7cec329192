"""A single-coil pickup with its cable and volume pot: a resonant low-pass."""

import numpy as np
from scipy.signal import bilinear, lfilter

COIL_H = 2.5
COIL_OHM = 6e3
CABLE_F = 600e-12
LOAD_OHM = 180e3


def pickup(strings: np.ndarray, sample_rate: int) -> np.ndarray:
    """Filter the strings' signal with the coil's resonance (4.1 kHz, Q about 2.5).

    H(s) = 1 / ((R + sL)(1/R_load + sC) + 1): the coil in series with its resistance, loaded by cable and pot.
    """
    denominator = np.polymul([COIL_H, COIL_OHM], [CABLE_F, 1 / LOAD_OHM])
    denominator[-1] += 1
    return lfilter(*bilinear([1.0], denominator, fs=sample_rate), strings)
