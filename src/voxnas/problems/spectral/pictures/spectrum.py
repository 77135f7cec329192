"""Short-time Fourier transforms, uncentred: frame 0 begins with sample 0."""

import math

import torch
from torch import Tensor

from voxnas.utils.errors import InputError

WINDOWS = ("rectangular", "hann")
FLOOR = 1e-10


def window(kind: str, size: int, n_fft: int) -> Tensor:
    """A symmetric window in the middle of `n_fft` samples. InputError for another kind or size."""
    if kind not in WINDOWS:
        raise InputError(f"window_type={kind}: one of {', '.join(WINDOWS)}")
    if not 0 < size <= n_fft:
        raise InputError(f"n_window={size}: give 1 to n_fft, {n_fft}")
    shape = torch.ones(size) if kind == "rectangular" else torch.hann_window(size, periodic=False)
    left = (n_fft - size) // 2
    return torch.nn.functional.pad(shape, (left, n_fft - size - left))


def stft(sounds: Tensor, n_fft: int, hop: int, shape: Tensor) -> Tensor:
    """`(n, samples)` to `(n, n_fft // 2 + 1, frames)`, over √n_fft."""
    return torch.stft(sounds, n_fft, hop, n_fft, shape, center=False, normalized=True, return_complex=True)


def decibels(magnitude: Tensor) -> Tensor:
    """20·log10, from -200 dB."""
    return 20 * torch.log10(torch.clamp(magnitude, min=FLOOR))


def frequency_bins(n_fft: int, sample_rate: int) -> Tensor:
    """The middle of each bin in Hz."""
    return torch.arange(n_fft // 2 + 1) * (sample_rate / n_fft)


def advance(sounds: Tensor, n_fft: int, hop: int, shape: Tensor) -> Tensor:
    """Phase that each bin gains from one sample to the next, in radians, -π to π.

    Of two transforms a sample apart, so that no hop makes it ambiguous: for a sine it is 2π·f/rate exactly
    where the sine alone is heard.
    """
    now, then = stft(sounds[:, :-1], n_fft, hop, shape), stft(sounds[:, 1:], n_fft, hop, shape)
    return torch.angle(then * now.conj())


def delay(sounds: Tensor, n_fft: int, hop: int, shape: Tensor) -> Tensor:
    """Group delay of each bin in samples from the middle of its frame: where in the frame its energy is.

    -dφ/dω by the transform of the window times time (Auger and Flandrin, "Improving the readability of
    time-frequency and time-scale representations by the reassignment method", IEEE TSP 43(5), 1995).
    """
    time = torch.arange(n_fft) - (n_fft - 1) / 2
    plain, weighted = stft(sounds, n_fft, hop, shape), stft(sounds, n_fft, hop, shape * time)
    return (weighted * plain.conj()).real / torch.clamp(plain.abs() ** 2, min=FLOOR**2)


def frames(samples: int, n_fft: int, hop: int) -> int:
    """Whole frames of so many samples."""
    return 0 if samples < n_fft else 1 + (samples - n_fft) // hop


def reach(width: int, n_fft: int, hop: int) -> int:
    """Samples that so many frames take."""
    return (width - 1) * hop + n_fft


def half_angle(phase: Tensor) -> Tensor:
    """A phase brought into -π to π."""
    return torch.remainder(phase + math.pi, 2 * math.pi) - math.pi
