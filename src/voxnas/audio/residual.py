"""ESR that simple models leave of the target: is it a filter, an amp, or another song?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

SLICES = 12
SLICE_SAMPLES = 1 << 18  # about 5 s: a minute in all says enough, however long the recording
RIDGE = 1e-9  # of the branch's power: keeps the equations solvable above the band that the guitar fills
DRIVES = (1.0, 4.0, 16.0)  # tanh branches, in units of the input's RMS: from a soft bend to a hard clip
TAPS = 128

Branch = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Fit:
    """Parallel Hammerstein model of a pair (of one branch: a filter); called, it answers an input.

    `esr` is what it leaves of the target, both as `whitening` made them where that was given.
    """

    branches: Sequence[Branch]
    filters: np.ndarray
    esr: float

    def __call__(self, input: np.ndarray) -> np.ndarray:
        from scipy.signal import oaconvolve

        x = input.astype(np.float64)
        parts = (
            oaconvolve(branch(x), taps)[: len(x)]
            for branch, taps in zip(self.branches, self.filters, strict=True)
        )
        return np.sum(list(parts), axis=0)


def linear_residual(input: np.ndarray, target: np.ndarray, taps: int = 512) -> float:
    """ESR left by the best causal FIR filter of `taps` samples from input to target, both `(samples,)`.

    With one tap: what the best gain leaves. Least squares over up to a minute of slices spread evenly.
    """
    return fit_filter(input, target, taps).esr


def nonlinear_residual(input: np.ndarray, target: np.ndarray, taps: int = TAPS) -> float:
    """ESR left by the best parallel Hammerstein model, see `fit_amp`."""
    return fit_amp(input, target, taps).esr


def fit_filter(
    input: np.ndarray, target: np.ndarray, taps: int = TAPS, whitening: np.ndarray | None = None
) -> Fit:
    """The best causal FIR filter from input to target, both `(samples,)`.

    `whitening` is a filter that errors pass before they count.
    """
    return _least_squares(input, target, [lambda x: x], taps, whitening)


def fit_amp(input: np.ndarray, target: np.ndarray, taps: int = TAPS) -> Fit:
    """The best parallel Hammerstein model from input to target, both `(samples,)`.

    The branches are x, x² and tanh(g·x), each followed by a free FIR filter of `taps` samples: a rough
    stand-in for an amp, enough to tell a distorted take from an unrelated one.
    """
    heard = [np.mean(np.square(input[start:stop], dtype=np.float64)) for start, stop in slices(len(input))]
    scale = float(np.sqrt(np.mean(heard))) or 1.0
    branches: list[Branch] = [lambda x: x, lambda x: np.square(x / scale)]
    branches += [lambda x, g=drive: np.tanh(g * x / scale) for drive in DRIVES]  # type: ignore[misc]
    return _least_squares(input, target, branches, taps)


def _least_squares(
    input: np.ndarray,
    target: np.ndarray,
    branches: Sequence[Branch],
    taps: int,
    whitening: np.ndarray | None = None,
) -> Fit:
    """Solve the normal equations of all branches' filters together; their matrix is Toeplitz in blocks."""
    from scipy.linalg import solve, toeplitz

    n = len(branches)
    auto = np.zeros((n, n, 2 * taps - 1))
    cross = np.zeros((n, taps))
    energy = 0.0
    for start, stop in slices(min(len(input), len(target))):
        x = input[start:stop].astype(np.float64)
        *heard, y = _filtered([*(branch(x) for branch in branches), target[start:stop]], whitening)
        correlated = _correlate(heard, y, taps)
        auto += correlated[0]
        cross += correlated[1]
        energy += float(y @ y)
    if energy == 0:
        return Fit(branches, np.zeros((n, taps)), 1.0)
    matrix = np.block(
        [[toeplitz(auto[i, j, taps - 1 :: -1], auto[i, j, taps - 1 :]) for j in range(n)] for i in range(n)]
    )
    matrix[np.diag_indices_from(matrix)] += (
        RIDGE * np.repeat(auto[range(n), range(n), taps - 1], taps) + 1e-30
    )
    weights = solve(matrix, cross.ravel(), assume_a="pos")
    left = float(np.clip(1 - weights @ cross.ravel() / energy, 0, None))
    return Fit(branches, weights.reshape(n, taps), left)


def slices(total: int) -> list[tuple[int, int]]:
    """Up to SLICES stretches spread evenly over the recording."""
    size = min(SLICE_SAMPLES, total)
    count = min(SLICES, total // size) if size else 0
    starts = np.linspace(0, total - size, count).astype(int).tolist()
    return [(start, start + size) for start in starts]


def _filtered(signals: list[np.ndarray], whitening: np.ndarray | None) -> list[np.ndarray]:
    precise = [signal.astype(np.float64) for signal in signals]
    return precise if whitening is None else [np.convolve(x, whitening)[: len(x)] for x in precise]


def _correlate(branches: list[np.ndarray], y: np.ndarray, taps: int) -> tuple[np.ndarray, np.ndarray]:
    """Correlations of all pairs of branches, lags 1-taps … taps-1, and with the target, lags 0 … taps-1."""
    from scipy import fft

    size = fft.next_fast_len(len(y) + taps, real=True)
    spectra = [fft.rfft(branch, size) for branch in branches]
    target = fft.rfft(y, size)
    lags = np.arange(1 - taps, taps)
    auto = np.array([[fft.irfft(np.conj(a) * b, size)[lags] for b in spectra] for a in spectra])
    cross = np.array([fft.irfft(np.conj(a) * target, size)[:taps] for a in spectra])
    return auto, cross
