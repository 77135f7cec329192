"""Loudness and gain of a model as plug-in files define them, from its answer to a second of noise."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from voxnas.engine.base import StreamingEngine

CLIP_RMS_DB, CLIP_MEAN = -14.97, -0.0397  # dBFS, and of full scale
CLIP_PEAK = 0.712
# Power by octaves from 1 Hz, the last one up to 24 kHz, as in the clip of the plug-in's own trainer. That is
# pink noise: more than a third lies below what a guitar plays, and moves the operating point of an amp.
_OCTAVES = (14, 437, 922, 911, 628, 861, 705, 736, 741, 805, 747, 755, 698, 649, 389)
_HIGHEST_HZ = 24_000
_SEED = 22  # of 80: its loudness is within .14 dB of the clip's over 220 distorting circuits and 13 models


def loudness_db(engine: StreamingEngine, sample_rate: int) -> float | None:
    """RMS in dBFS of the output for `standard_clip`; None for a model that is silent."""
    rms = _output_rms(engine, standard_clip(sample_rate))
    return float(20 * np.log10(rms)) if rms > 0 else None


def gain(engine: StreamingEngine, sample_rate: int) -> float | None:
    """Gain from 0, a model whose level follows its input's, to 1, one that always plays as loud as it can.

    The output's RMS for the clip at 0, .1, … 1 of its level, summed: 0 where that is the sum of a straight
    line to the last value, 1 where it is the sum of a constant at it. None for a model that is silent.
    """
    clip = standard_clip(sample_rate)
    levels = [_output_rms(engine, np.float32(k / 10) * clip) for k in range(11)]
    last = levels[-1]
    if not last > 0:
        return None
    line, constant = last * 5.5, last * 11
    return float(np.clip((sum(levels) - line) / (constant - line), 0, 1))


def standard_clip(sample_rate: int = 48000) -> NDArray[np.float32]:
    """A second of noise as loud as a guitar, always the same, with RMS -14.97 dBFS and a peak of .712.

    A power of its samples, which is solved for, brings the peak to its place without moving the level.
    """
    noise = _noise(sample_rate)
    noise /= np.abs(noise).max()

    def bent(exponent: float) -> NDArray[np.float64]:
        return CLIP_PEAK * np.sign(noise) * np.abs(noise) ** exponent

    def excess(exponent: float) -> float:
        return float(np.sqrt(np.mean(bent(exponent) ** 2))) - 10 ** (CLIP_RMS_DB / 20)

    return bent(float(brentq(excess, 0.1, 10.0))).astype(np.float32)


def _noise(sample_rate: int) -> NDArray[np.float64]:
    """Noise of a level of 1, apart from its mean: a bin per Hz, the same at every rate that has it."""
    phases = 2 * np.pi * np.random.default_rng(_SEED).random(_HIGHEST_HZ + 1)
    bins = np.zeros(max(sample_rate // 2, _HIGHEST_HZ) + 1, complex)
    edges = [*(2**octave for octave in range(len(_OCTAVES))), _HIGHEST_HZ]
    for power, low, high in zip(_OCTAVES, edges, edges[1:], strict=False):
        hz = np.arange(low, high)
        bins[low:high] = np.sqrt(power / hz / np.sum(1 / hz)) * np.exp(1j * phases[low:high])
    noise = np.fft.irfft(bins[: sample_rate // 2 + 1], sample_rate)
    rms = 10 ** (CLIP_RMS_DB / 20)
    return CLIP_MEAN + np.sqrt(rms**2 - CLIP_MEAN**2) * noise / np.sqrt(np.mean(noise**2))


def _output_rms(engine: StreamingEngine, clip: NDArray[np.float32]) -> float:
    engine.reset()
    output = engine.process(clip).astype(np.float64)
    engine.reset()
    return float(np.sqrt(np.mean(output**2)))
