"""Loudness and gain of a model as plug-in files define them, from its answer to a second of guitar."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from voxnas.engine.base import StreamingEngine

CLIP_RMS_DB = -14.97  # dBFS
CLIP_PEAK = 0.712
_STRUMS_S = (0.0, 0.22, 0.36, 0.58, 0.8)
_CHORDS_HZ = (  # high up the neck and picked hard, because the bass of a low chord would decide alone
    (329.6, 493.9, 659.3),
    (329.6, 493.9, 784.0),
    (440.0, 659.3, 880.0),
    (784.0,),
    (392.0, 587.3, 784.0),
)


def loudness_db(engine: StreamingEngine, sample_rate: int) -> float | None:
    """RMS in dBFS of the output for `guitar_clip`; None for a model that is silent."""
    rms = _output_rms(engine, guitar_clip(sample_rate))
    return float(20 * np.log10(rms)) if rms > 0 else None


def gain(engine: StreamingEngine, sample_rate: int) -> float | None:
    """Gain from 0, a model whose level follows its input's, to 1, one that always plays as loud as it can.

    The output's RMS for the clip at 0, .1, … 1 of its level, summed: 0 where that is the sum of a straight
    line to the last value, 1 where it is the sum of a constant at it. None for a model that is silent.
    """
    clip = guitar_clip(sample_rate)
    levels = [_output_rms(engine, np.float32(k / 10) * clip) for k in range(11)]
    last = levels[-1]
    if not last > 0:
        return None
    line, constant = last * 5.5, last * 11
    return float(np.clip((sum(levels) - line) / (constant - line), 0, 1))


def guitar_clip(sample_rate: int = 48000) -> NDArray[np.float32]:
    """A second of strummed strings, always the same, with RMS -14.97 dBFS and a peak of .712.

    Additive: each string's partials fall by 1/√n, are slightly stretched and die the sooner the higher they
    are. A soft limit whose drive is solved for brings the level up without moving the peak.
    """
    strings = _strings(sample_rate)
    strings /= np.abs(strings).max()

    def limited(drive: float) -> NDArray[np.float64]:
        return CLIP_PEAK * np.tanh(drive * strings) / np.tanh(drive)

    def excess(drive: float) -> float:
        return float(np.sqrt(np.mean(limited(drive) ** 2))) - 10 ** (CLIP_RMS_DB / 20)

    return limited(float(brentq(excess, 1e-3, 50.0))).astype(np.float32)


def _strings(sample_rate: int) -> NDArray[np.float64]:
    time_s = np.arange(sample_rate) / sample_rate
    total = np.zeros(sample_rate)
    for start_s, chord in zip(_STRUMS_S, _CHORDS_HZ, strict=True):
        for string, frequency_hz in enumerate(chord):
            since_s = time_s - start_s - 0.008 * string  # the pick takes its time across the strings
            total += np.where(since_s >= 0, _pluck(since_s.clip(0), frequency_hz), 0)
    return total


def _pluck(since_s: NDArray[np.float64], frequency_hz: float) -> NDArray[np.float64]:
    pluck = np.zeros_like(since_s)
    for n in range(1, 19):  # the highest, 16.2 kHz, fits every usual sample rate
        partial_hz = n * frequency_hz * np.sqrt(1 + 1e-4 * n**2)
        shape = np.sin(np.pi * n * 0.18) / np.sqrt(n)  # picked at 18 % of the string
        pluck += (
            shape * np.exp(-since_s * (8 + 0.004 * partial_hz)) * np.sin(2 * np.pi * partial_hz * since_s)
        )
    return pluck


def _output_rms(engine: StreamingEngine, clip: NDArray[np.float32]) -> float:
    engine.reset()
    output = engine.process(clip).astype(np.float64)
    engine.reset()
    return float(np.sqrt(np.mean(output**2)))
