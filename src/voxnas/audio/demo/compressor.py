"""A compressor in front of the pedal: its gain remembers for a second what was played."""

import numpy as np

from voxnas.audio.demo.chunks import rejoin, side_by_side

ATTACK_S, RELEASE_S = 0.005, 0.25
RATIO = 4.0
THRESHOLDS_V = (0.2, 0.01)  # with the knob at 0 and at its end
USUAL_V = 0.1  # a level that keeps its level
MEMORY_TIME_CONSTANTS = 12  # exp(-12) = 6e-6 of the detector's level


def compress(volts: np.ndarray, sample_rate: int, amount: float) -> np.ndarray:
    """Return `volts` with its loud parts turned down, and all up again by what the usual level loses.

    The detector follows the size of the signal, upwards in 5 ms and downwards in 250 ms. Above the threshold,
    with a soft knee, a change of level by 4 dB comes out as 1.

    Source: Giannoulis, Massberg and Reiss, "Digital dynamic range compressor design", Journal of the Audio
    Engineering Society 60(6), 2012 (a branching peak detector, feed-forward).
    """
    warmup = int(np.ceil(MEMORY_TIME_CONSTANTS * RELEASE_S * sample_rate))
    columns = side_by_side(np.abs(volts), warmup, warmup)
    level = rejoin(_detector(columns, sample_rate), warmup, len(volts))
    threshold_v = THRESHOLDS_V[0] * (THRESHOLDS_V[1] / THRESHOLDS_V[0]) ** amount
    return volts * gain(level, threshold_v) / gain(np.array(USUAL_V), threshold_v)


def gain(level_v: np.ndarray, threshold_v: float) -> np.ndarray:
    """Return the gain at a level: 1 far below the threshold, above it less by (1 - 1 / RATIO) of the dB."""
    return (1 + (level_v / threshold_v) ** 2) ** ((1 / RATIO - 1) / 2)


def _detector(size_v: np.ndarray, sample_rate: int) -> np.ndarray:
    """Follow every column. Of two lines through the level the upper one holds, since attack is faster."""
    attack, release = (-np.expm1(-1 / (time * sample_rate)) for time in (ATTACK_S, RELEASE_S))
    level, found = np.zeros(size_v.shape[1]), np.empty_like(size_v)
    for step, size in enumerate(size_v):
        change = size - level
        level = level + np.maximum(attack * change, release * change)
        found[step] = level
    return found
