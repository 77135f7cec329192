"""A few amps whose delay and distortion are known."""

import numpy as np
from scipy.signal import butter, lfilter

RATE = 48_000


def distort(dry: np.ndarray, cutoff_hz: float = 4000, gain: float = 20) -> np.ndarray:
    """A clipper and a low-pass: causal, no delay of its own but the filter's."""
    b, a = butter(2, cutoff_hz, fs=RATE)
    return (0.3 * lfilter(b, a, np.tanh(gain * dry))).astype(np.float32)


def delayed(samples: np.ndarray, delay: int) -> np.ndarray:
    """Late (or, negative, early) by whole samples, at equal length."""
    if delay >= 0:
        return np.concatenate((np.zeros(delay, np.float32), samples[: len(samples) - delay]))
    return np.concatenate((samples[-delay:], np.zeros(-delay, np.float32)))
