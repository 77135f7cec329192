"""Constant-Q transform, uncentred: rows in equal steps of pitch, filters of as many periods; by nnAudio."""

import math
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from voxnas.utils.errors import InputError

WINDOWS = {"rectangular": "boxcar", "hann": "hann"}  # their names in scipy


def constant_q(sounds: Tensor, filters: Tensor, hop: int) -> Tensor:
    """Magnitudes `(n, rows, frames)` of sounds `(n, samples)`: a sine of amplitude 1 has ½ in its row."""
    n_fft = filters.shape[-1]
    both = torch.cat([filters.real, filters.imag])[:, None]
    parts = torch.nn.functional.conv1d(sounds[:, None], both, stride=hop)
    assert parts.shape[-1] == 1 + (sounds.shape[-1] - n_fft) // hop
    return torch.hypot(*parts.chunk(2, dim=1))


@lru_cache(maxsize=16)
def constant_q_filters(
    height: int, sample_rate: int, low_hz: float, high_hz: float | None, window: str, longest: int, n_fft: int
) -> Tensor:
    """Complex filters in the middle of a frame, `(height, n_fft)`, the sum of each one's magnitudes 1.

    Row k is at low_hz·(high_hz / low_hz)^(k / height), and one row wide: Q periods long with
    Q = 1 / ((high_hz / low_hz)^(1 / height) - 1). Source: J. Brown, "Calculation of a constant Q spectral
    transform", JASA 89(1), 1991.

    Args:
        high_hz: None for half the rate.
        longest: samples of the longest filter, at most.

    InputError where that is longer, frequencies are out of range, or nnAudio is not installed.
    """
    top = sample_rate / 2 if high_hz is None else high_hz
    if not 0 < low_hz < top <= sample_rate / 2:
        raise InputError(f"low_hz={low_hz:g}, high_hz={top:g}: give 0 < low_hz < high_hz ≤ half the rate")
    per_octave = height / math.log2(top / low_hz)
    q = 1 / (2 ** (1 / per_octave) - 1)
    if (needed := math.ceil(q * sample_rate / low_hz)) > longest:
        raise InputError(
            f"n_window={longest}: {height} rows of constant Q from {low_hz:g} Hz take {needed} samples; "
            "give as many or more, a higher low_hz, or fewer rows"
        )
    made, size, *_ = _nnaudio().create_cqt_kernels(
        q, sample_rate, low_hz, height, per_octave, norm=1, window=WINDOWS[window]
    )
    middle = np.zeros((height, n_fft), np.complex64)
    kept = min(size, n_fft)
    middle[:, (n_fft - kept) // 2 :][:, :kept] = made[:, (size - kept) // 2 :][:, :kept]
    return torch.from_numpy(middle)


def _nnaudio() -> Any:
    try:
        from nnAudio import utils
    except ImportError as error:
        raise InputError(
            "scale=constant_q needs the package nnAudio: run python -m voxnas setup cqt, or take scale=mel"
        ) from error
    return utils
