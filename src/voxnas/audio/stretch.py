"""Reading a recording a little faster or slower: the fractional delay moves slowly through the recording."""

from functools import cache

import numpy as np

HALF_WIDTH = 64  # zero crossings on either side: flat to 0.95 of half the rate
KAISER_BETA = 10.0  # what is off by less than -100 dB
ORDER = 12  # of the polynomials in the fraction: taps are met to 1e-10
CHUNK = 1 << 18  # samples at a time, so that no copies of an hour lie in memory


def stretch(samples: np.ndarray, ratio: float) -> np.ndarray:
    """Read `samples`, `(samples,)`, at 0, ratio, 2·ratio … by a windowed sinc; float32, without delay.

    For ratios so near to 1 that nothing need be filtered out: clocks that differ, not other sample rates.
    Each tap is a polynomial in the fraction (Farrow, 1988), so that a chunk takes a few fixed filters.
    """
    total = int((len(samples) - 1) / ratio) + 1 if len(samples) else 0
    result = np.empty(total, dtype=np.float32)
    for start in range(0, total, CHUNK):
        positions = np.arange(start, min(start + CHUNK, total)) * ratio
        result[start : start + len(positions)] = _read(samples, positions)
    return result


def _read(samples: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """The samples at positions between them; silence beyond either end."""
    from scipy.signal import oaconvolve

    nearest = np.round(positions).astype(int)
    fraction = positions - nearest
    first, last = nearest[0] - HALF_WIDTH, nearest[-1] + HALF_WIDTH + 1
    piece = samples[max(0, first) : last].astype(np.float64)
    missing = max(0, -first)
    piece = np.pad(piece, (missing, last - first - missing - len(piece)))
    read = np.zeros(len(positions))
    for taps in _polynomials()[::-1]:  # Horner's rule
        read = read * fraction + oaconvolve(piece, taps, "valid")[nearest - nearest[0]]
    return read


@cache
def _polynomials() -> np.ndarray:
    """Coefficients `(ORDER + 1, taps)` of the taps in the fraction from -½ to ½, in convolution's order."""
    from numpy.polynomial import chebyshev

    fractions = np.cos(np.pi * (np.arange(2 * ORDER) + 0.5) / (2 * ORDER)) / 2
    away = np.arange(HALF_WIDTH, -HALF_WIDTH - 1, -1) - fractions[:, None]
    inside = np.clip(1 - np.square(away / (HALF_WIDTH + 1)), 0, None)
    kernel = np.sinc(away) * np.i0(KAISER_BETA * np.sqrt(inside)) / np.i0(KAISER_BETA)
    fitted = chebyshev.chebfit(2 * fractions, kernel, ORDER)
    powers = np.array([chebyshev.cheb2poly(column) for column in fitted.T]).T
    return np.array(powers * 2.0 ** np.arange(ORDER + 1)[:, None])
