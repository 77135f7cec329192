"""Taps of a delay line: whole samples, or between them by Lagrange's polynomial."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

ORDER = 3  # of the polynomial


def lagrange(fraction: float) -> np.ndarray:
    """Weights of the samples -1, 0, 1, 2 for a delay of `fraction` (0 to 1) behind sample 0."""
    at, places = fraction + 1, range(ORDER + 1)
    return np.array([np.prod([(at - o) / (p - o) for o in places if o != p]) for p in places])


def mixing(wanted: Sequence[float]) -> tuple[list[int], Tensor]:
    """Whole delays, and the matrix `(wanted, whole)` that makes the wanted ones, in samples, of them."""
    parts: list[dict[int, float]] = []
    for delay in wanted:
        whole = int(np.floor(delay + 1e-9))
        fraction = delay - whole
        if abs(fraction) < 1e-6:
            parts.append({whole: 1.0})
        else:
            parts.append({whole - 1 + k: float(w) for k, w in enumerate(lagrange(fraction))})
    delays = sorted({delay for part in parts for delay in part})
    matrix = torch.zeros(len(wanted), len(delays), dtype=torch.float64)
    for row, part in enumerate(parts):
        for delay, weight in part.items():
            matrix[row, delays.index(delay)] = weight
    return delays, matrix
