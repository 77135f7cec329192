"""Pitch of a note to a fraction of a cent: the period by its autocorrelation, then the partials' phases."""

import numpy as np
from numpy.typing import NDArray

from voxnas.problems.string.analysis import find_partials
from voxnas.utils.errors import InputError

LOWEST_HZ, HIGHEST_HZ = 25.0, 2000.0
LISTENED_S = 0.5
CLEAR = 0.5  # autocorrelation at the period, of what it is at none
NEARLY = 0.9  # of the highest: a shorter period that is as good is the period


def find_pitch(samples: NDArray[np.float64], sample_rate: int, name: str) -> float:
    """Pitch in Hz. Raises InputError if there is none, or it is out of range."""
    part = samples[: max(round(LISTENED_S * sample_rate), round(4 * sample_rate / LOWEST_HZ))]
    part = part - part.mean()
    size = 1 << (2 * len(part) - 1).bit_length()
    power = np.abs(np.fft.rfft(part, size)) ** 2
    similar = np.fft.irfft(power)[: len(part)]
    similar = similar / max(similar[0], 1e-30) * len(part) / np.maximum(len(part) - np.arange(len(part)), 1)
    shortest, longest = (
        int(sample_rate / HIGHEST_HZ) - 2,
        min(int(sample_rate / LOWEST_HZ) + 2, len(part) // 2),
    )
    similar = similar[: longest + 1]
    peaks = [
        lag
        for lag in range(max(2, shortest), longest)
        if similar[lag] > similar[lag - 1] and similar[lag] >= similar[lag + 1]
    ]
    # what lies before the first dip is the waveform's own width, no period
    dips = np.flatnonzero(similar < 0.5 * similar[0])
    peaks = [lag for lag in peaks if len(dips) and lag > dips[0]]
    best = max((float(similar[lag]) for lag in peaks), default=0.0)
    if best < CLEAR:
        raise InputError(
            f"{name}: no pitch between {LOWEST_HZ:g} and {HIGHEST_HZ:g} Hz is found; give a single note"
        )
    lag = next(lag for lag in peaks if similar[lag] > NEARLY * best)
    coarse = sample_rate / _summit(similar, lag)
    if not LOWEST_HZ <= coarse <= HIGHEST_HZ:
        raise InputError(
            f"{name}: its pitch, {coarse:.1f} Hz, is not between {LOWEST_HZ:g} and {HIGHEST_HZ:g} Hz"
        )
    return find_partials(samples[: 4 * sample_rate], sample_rate, coarse).pitch_hz


def _summit(values: NDArray[np.float64], at: int) -> float:
    """Place of a parabola's summit through three values."""
    if at + 1 >= len(values):
        return float(at)
    left, middle, right = values[at - 1 : at + 2]
    bend = left - 2 * middle + right
    return at + (0.5 * float((left - right) / bend) if bend else 0.0)
