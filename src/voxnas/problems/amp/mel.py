"""Distance of two sounds on the ear's frequency scale: a figure of what is heard, beside the ESR."""

import functools
import math
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

WINDOWS = (32, 64, 128, 256, 512, 1024, 2048)  # samples
BANDS = (5, 10, 20, 40, 80, 160, 320)
QUIETEST = 1e-5
PART_S = 30.0  # judged at a time, so that memory stays bounded


def mel_distance(output: Tensor, target: Tensor, sample_rate: int) -> Tensor:
    """Multi-resolution mel distance: mean |log₁₀ difference| of mel magnitudes, summed over seven windows.

    0 for equal sounds; a tenth of the level everywhere makes 1 per window. Takes `(samples,)` or
    `(batch, 1, samples)`, judges everything at once and returns a tensor without dimensions.
    Source: Kumar et al. (2023), "High-Fidelity Audio Compression with Improved RVQGAN", with its windows,
    bands and floor.

    Raises:
        ValueError: shapes that differ.
    """
    if output.shape != target.shape:
        raise ValueError(f"output {tuple(output.shape)} and target {tuple(target.shape)} differ in shape")
    pair = torch.stack([output.reshape(-1), target.reshape(-1)]).float()
    samples, part = pair.shape[-1], round(PART_S * sample_rate)
    edges = [*range(0, max(samples - WINDOWS[-1], 1), part), samples]
    total = pair.new_zeros(())
    for start, stop in pairwise(edges):
        share = (stop - start) / samples
        for window, bands in zip(WINDOWS, BANDS, strict=True):
            logs = _mel(pair[:, start:stop], window, bands, sample_rate).clamp_min(QUIETEST).log10()
            total = total + share * (logs[0] - logs[1]).abs().mean()
    return total


def _mel(signals: Tensor, window: int, bands: int, sample_rate: int) -> Tensor:
    """Magnitudes `(signals, bands, frames)`; the ends are mirrored where there is enough, else silence."""
    mode = "reflect" if signals.shape[-1] > window else "constant"
    hann = torch.hann_window(window, device=signals.device)
    spectra = torch.stft(
        signals, window, window // 4, window=hann, center=True, pad_mode=mode, return_complex=True
    )
    return _filters(window // 2 + 1, bands, sample_rate).to(signals.device) @ spectra.abs()


@functools.cache
def _filters(frequencies: int, bands: int, sample_rate: int) -> Tensor:
    """Slaney's triangles of equal area `(bands, frequencies)`, equally far apart in mel.

    At the bass the narrowest hold no frequency, and stay zero.
    """
    at = np.linspace(0, sample_rate / 2, frequencies)
    corners = _hertz(np.linspace(0, _mel_of(sample_rate / 2), bands + 2))
    rising = (at - corners[:-2, None]) / np.diff(corners)[:-1, None]
    falling = (corners[2:, None] - at) / np.diff(corners)[1:, None]
    area = 2 / (corners[2:] - corners[:-2])
    return torch.from_numpy(np.clip(np.minimum(rising, falling), 0, None) * area[:, None]).float()


# Slaney's scale: straight up to 1 kHz, which is 15 mel, and logarithmic above.
_STRAIGHT, _LOG = 200 / 3, math.log(6.4) / 27


def _mel_of(frequency: float) -> float:
    return frequency / _STRAIGHT if frequency < 1000 else 15 + math.log(frequency / 1000) / _LOG


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mel < 15, mel * _STRAIGHT, 1000 * np.exp((mel - 15) * _LOG))
