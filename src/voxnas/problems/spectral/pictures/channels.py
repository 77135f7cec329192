"""Channels of a picture: levels, and what else a spectrum shows."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import torch
from torch import Tensor

from voxnas.audio.resample import torchaudio
from voxnas.problems.spectral.pictures.constant_q import constant_q, constant_q_filters
from voxnas.problems.spectral.pictures.spectrum import (
    advance,
    decibels,
    delay,
    frames,
    frequency_bins,
    half_angle,
    reach,
    stft,
    window,
)
from voxnas.utils.errors import InputError

SCALES = ("linear", "mel", "constant_q")
AUDIBLE_DB = 60.0  # below its frame's loudest bin a phase is that of noise


@dataclass(frozen=True)
class Channel(ABC):
    """One view of a sound, `(n, samples)` to `(n, height, width)`.

    Args:
        n_fft, n_window, hop: of the transform, in samples; at constant Q windows are the shorter the higher
            a row is, the longest of them within n_window.
        window_type: "rectangular" or "hann".
        scale: of frequency: "linear", the lowest bins above 0 Hz, "mel", or "constant_q", steps of pitch.
        low_hz, high_hz: of a mel or constant-Q scale; None for half the rate.
    """

    n_fft: int
    n_window: int
    hop: int
    window_type: str = "hann"
    scale: str = "linear"
    low_hz: float = 40.0
    high_hz: float | None = None

    label: ClassVar[str] = ""
    scales: ClassVar[tuple[str, ...]] = SCALES
    limits: ClassVar[tuple[float, float] | None] = (
        None  # what bytes 0 and 255 stand for; None: the picture's own levels
    )

    def __post_init__(self) -> None:
        window(self.window_type, self.n_window, self.n_fft)
        if self.scale not in self.scales:
            raise InputError(f"scale={self.scale}: of {self.label} one of {', '.join(self.scales)}")

    @abstractmethod
    def view(self, sounds: Tensor, height: int, width: int, sample_rate: int) -> Tensor:
        """The channel in its own unit."""

    def samples(self, width: int) -> int:
        """Samples that a picture of so many frames takes."""
        return reach(width, self.n_fft, self.hop) + 1

    def check(self, height: int, width: int, samples: int) -> None:
        """InputError where a sound has not as many bins or frames as a picture has rows or columns."""
        bins, there = self.n_fft // 2, frames(samples - 1, self.n_fft, self.hop)
        if self.scale == "linear" and height > bins:
            raise InputError(
                f"height={height}: n_fft={self.n_fft} has {bins} bins above 0 Hz; give fewer rows"
            )
        if width > there:
            raise InputError(f"width={width}: the sounds have {there} frames; give fewer, or longer sounds")

    @property
    def _window(self) -> Tensor:
        return window(self.window_type, self.n_window, self.n_fft)

    def _magnitude(self, sounds: Tensor, height: int, sample_rate: int) -> Tensor:
        """Magnitude of each row, `(n, height, frames)`."""
        if self.scale != "constant_q":
            return self._rows(stft(sounds, self.n_fft, self.hop, self._window).abs(), height, sample_rate)
        own = self.window_type, self.n_window, self.n_fft
        filters = constant_q_filters(height, sample_rate, self.low_hz, self.high_hz, *own)
        return constant_q(sounds, filters, self.hop)

    def _rows(self, bins: Tensor, height: int, sample_rate: int) -> Tensor:
        """Bins to rows: the lowest above 0 Hz, or means over the triangles of a mel scale."""
        if self.scale == "linear":
            return bins[:, 1 : height + 1]
        filters = mel_filters(self.n_fft, height, sample_rate, self.low_hz, self.high_hz)
        return torch.einsum("bh,nbt->nht", filters, bins)


@lru_cache(maxsize=16)
def mel_filters(n_fft: int, height: int, sample_rate: int, low_hz: float, high_hz: float | None) -> Tensor:
    """Triangles of unit sum, `(bins, height)`, on the scale 2595·log10(1 + f/700), by torchaudio.

    InputError where a triangle falls between two bins.
    """
    top = sample_rate / 2 if high_hz is None else high_hz
    filters: Tensor = torchaudio("functional").melscale_fbanks(
        n_fft // 2 + 1, low_hz, top, height, sample_rate
    )
    sums = filters.sum(dim=0)
    if (sums <= 0).any():
        raise InputError(
            f"height={height}: too many mel bands for n_fft={n_fft}; give fewer rows or more samples"
        )
    return filters / sums


class Level(Channel):
    """Level in dB; of a mel scale, of the mean magnitude under each triangle."""

    label = "level"

    def samples(self, width: int) -> int:
        return reach(width, self.n_fft, self.hop)

    def view(self, sounds: Tensor, height: int, width: int, sample_rate: int) -> Tensor:
        return decibels(self._magnitude(sounds, height, sample_rate))[..., :width]


class InstantaneousFrequency(Channel):
    """Distance of what sounds in a bin from the bin's middle, in bins."""

    label = "instantaneous_frequency"
    scales = SCALES[:2]  # a row of constant Q is no bin
    limits = (-1.0, 1.0)

    def view(self, sounds: Tensor, height: int, width: int, sample_rate: int) -> Tensor:
        shape = self._window
        middle = 2 * torch.pi * frequency_bins(self.n_fft, sample_rate) / sample_rate
        off = half_angle(advance(sounds, self.n_fft, self.hop, shape) - middle[:, None])
        magnitude = stft(sounds[:, :-1], self.n_fft, self.hop, shape).abs()
        return self._weighted(off * self.n_fft / (2 * torch.pi), magnitude, height, sample_rate)[..., :width]

    def _weighted(self, values: Tensor, magnitude: Tensor, height: int, sample_rate: int) -> Tensor:
        """Rows of values by magnitude; 0 where nothing is heard."""
        loudest = magnitude.amax(dim=1, keepdim=True)
        heard = (magnitude > loudest * 10 ** (-AUDIBLE_DB / 20)) & (loudest > 1e-7)
        weight = magnitude * heard
        low, high = self.limits or (0.0, 0.0)
        kept = torch.where(heard, values, torch.zeros(())).clamp(low, high)
        rows, weights = (self._rows(part, height, sample_rate) for part in (kept * weight, weight))
        return torch.where(weights > 0, rows / weights.clamp(min=1e-30), torch.zeros(()))


class GroupDelay(InstantaneousFrequency):
    """Where in its frame a bin's energy is, as a share of the window from its middle: -½ to ½."""

    label = "group_delay"
    limits = (-0.5, 0.5)

    def view(self, sounds: Tensor, height: int, width: int, sample_rate: int) -> Tensor:
        shape = self._window
        late = delay(sounds, self.n_fft, self.hop, shape) / self.n_window
        magnitude = stft(sounds, self.n_fft, self.hop, shape).abs()
        return self._weighted(late, magnitude, height, sample_rate)[..., :width]


class Modulation(Channel):
    """Spectrum of each row's magnitude over time: the depth of its modulation, 0 to 1, at each rate.

    Column k is the rate k·frame rate / (2·(width - 1)), the last one half the frame rate.
    """

    label = "modulation"
    limits = (0.0, 1.0)

    def samples(self, width: int) -> int:
        return reach(width, self.n_fft, self.hop)

    def view(self, sounds: Tensor, height: int, width: int, sample_rate: int) -> Tensor:
        rows = self._magnitude(sounds, height, sample_rate)[..., :width]
        fade = torch.hann_window(width, periodic=False)
        weighed = (rows * fade).sum(dim=-1, keepdim=True)
        mean = weighed / fade.sum()
        swing = torch.fft.rfft((rows - mean) * fade, n=2 * (width - 1), dim=-1).abs()
        loudest = weighed.amax(dim=1, keepdim=True)
        depth = 2 * swing / weighed.clamp(min=1e-30)
        heard = weighed > loudest * 10 ** (-AUDIBLE_DB / 20)
        return torch.where(heard, depth, torch.zeros(())).clamp(0.0, 1.0)
