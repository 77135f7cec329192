"""A guitar cabinet and its microphone, as an impulse response of 20 ms."""

import numpy as np
from scipy.signal import butter, lfilter, oaconvolve, sosfilt

LENGTH_S = 0.020
FADE_S = 0.005
LOW_CUT_HZ = 85.0
HIGH_CUT_HZ = 5200.0
# (centre in Hz, gain in dB, Q): the box's thump, the hollow middle, the cone's breaking up
PEAKS = ((130.0, 4.0, 1.2), (420.0, -5.0, 0.8), (1450.0, 2.5, 3.0), (2500.0, 6.0, 1.5), (3900.0, -6.0, 4.0))
REFLECTION_S = 0.55e-3
REFLECTION_GAIN = -0.18


def cabinet(signal: np.ndarray, sample_rate: int) -> np.ndarray:
    """Play `signal` through the cabinet; causal, and its first sample answers at once."""
    return oaconvolve(signal, impulse_response(sample_rate))[: len(signal)]


def impulse_response(sample_rate: int) -> np.ndarray:
    """Return the cabinet's minimum-phase response and one reflection, faded out at `LENGTH_S`."""
    response = np.zeros(round(LENGTH_S * sample_rate))
    response[0] = 1.0
    response[round(REFLECTION_S * sample_rate)] = REFLECTION_GAIN
    response = sosfilt(butter(2, LOW_CUT_HZ, "highpass", fs=sample_rate, output="sos"), response)
    response = sosfilt(butter(4, HIGH_CUT_HZ, "lowpass", fs=sample_rate, output="sos"), response)
    for centre_hz, gain_db, q in PEAKS:
        response = lfilter(*peaking(centre_hz, gain_db, q, sample_rate), response)
    fade = round(FADE_S * sample_rate)
    response[-fade:] *= np.cos(np.linspace(0, np.pi / 2, fade)) ** 2
    return response


def peaking(centre_hz: float, gain_db: float, q: float, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a peaking equaliser's b and a, after R. Bristow-Johnson's "Audio EQ Cookbook"."""
    amplitude, omega = 10 ** (gain_db / 40), 2 * np.pi * centre_hz / sample_rate
    alpha, middle = np.sin(omega) / (2 * q), -2 * np.cos(omega)
    numerator = np.array([1 + alpha * amplitude, middle, 1 - alpha * amplitude])
    denominator = np.array([1 + alpha / amplitude, middle, 1 - alpha / amplitude])
    return numerator / denominator[0], denominator / denominator[0]
