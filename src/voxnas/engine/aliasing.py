"""Aliasing: the share of a model's answer to a sine that is folded back at half the sample rate.

Players hear it as notes that fall while they bend up. After "Aliasing Reduction in Neural Amp Modeling by
Smoothing Activations" (2025), arXiv:2505.04082: the aliasing-to-signal ratio of a sine whose period is a
fraction of a prime number of samples, so that no alias meets a harmonic's bin.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from voxnas.engine.base import StreamingEngine
from voxnas.utils.errors import InputError

LOWEST_HZ, HIGHEST_HZ = 82.4, 10_000.0  # a guitar's lowest string; the highest harmonics that amps are fed
PITCHES = 24
LEVEL_DBFS = -12.0  # the sine's peak
PERIOD_SECONDS = 0.25  # that are analysed: bins of 4 Hz
BLOCK = 4096
SILENCE = 1e-12  # output power below which there is no signal to speak of
LEAST = 1e-14  # ratio; float32 rounding lies near it


@dataclass(frozen=True)
class Aliasing:
    """Ratio `asr` = E_A / E_H at the pitch `hz`: the energy beside the harmonics over the harmonics' own."""

    hz: float
    asr: float


def default_pitches(sample_rate: float) -> list[float]:
    """Pitches from a guitar's lowest string to 10 kHz, or to .45 of the sample rate, evenly spaced."""
    return [float(hz) for hz in np.geomspace(LOWEST_HZ, min(HIGHEST_HZ, 0.45 * sample_rate), PITCHES)]


def measure_aliasing(
    engine: StreamingEngine,
    sample_rate: int,
    settle: int,
    pitches: Sequence[float] | None = None,
    level_dbfs: float = LEVEL_DBFS,
    period: int = 1,
) -> list[Aliasing]:
    """Aliasing-to-signal ratio at each pitch, which is moved to the nearest bin.

    Args:
        engine: is reset before each pitch.
        sample_rate: in Hz.
        settle: samples until the answer to a sine repeats: the receptive field, or the warm-up.
        pitches: in Hz; None for `default_pitches`.
        level_dbfs: the sine's peak.
        period: of the model, in samples: see `Network.period`.

    DC, which even harmonics bring along, counts for neither side. A pitch that the model answers with silence
    is left out. Raises InputError for pitches that are not between 0 and half the sample rate.
    """
    length = next(n for n in count(round(PERIOD_SECONDS * sample_rate)) if is_prime(n))
    found = []
    for pitch in default_pitches(sample_rate) if pitches is None else pitches:
        if not 0 < pitch < sample_rate / 2:
            raise InputError(f"aliasing: {pitch:g} Hz is not between 0 and {sample_rate / 2:g} Hz")
        cycles = max(1, round(pitch * length / sample_rate))
        answer = settled_answer(engine, cycles, length, settle, level_dbfs, period)
        ratio = _ratio(answer, cycles * period)
        if ratio is not None:
            found.append(Aliasing(cycles * sample_rate / length, ratio))
    return found


def overall(found: Sequence[Aliasing]) -> float | None:
    """Mean over the pitches in decibels, as a ratio: one figure for a model; None if there is no pitch."""
    return float(np.exp(np.mean([np.log(at.asr) for at in found]))) if found else None


def settled_answer(
    engine: StreamingEngine, cycles: int, length: int, settle: int, level_dbfs: float, period: int = 1
) -> NDArray[np.float64]:
    """Settled answer to a sine of `cycles` per `length` samples, until sine and model begin anew together.

    These are `period * length` samples; the other arguments are as `measure_aliasing` takes them.
    """
    whole = period * length
    start = -(-settle // whole) * whole  # the same place in the sine, and in the model's period
    at = (np.arange(start + whole) * cycles) % length  # whole numbers, so that the sine is exactly periodic
    sine = (10 ** (level_dbfs / 20) * np.sin(2 * np.pi * at / length)).astype(np.float32)
    engine.reset()
    blocks = [engine.process(sine[first : first + BLOCK]) for first in range(0, len(sine), BLOCK)]
    return np.concatenate(blocks)[start:].astype(np.float64)


def _ratio(answer: NDArray[np.float64], fundamental: int) -> float | None:
    energy = np.abs(np.fft.rfft(answer)) ** 2
    if len(answer) % 2 == 0:
        energy[-1] /= 2  # the other bins stand for negative frequencies as well
    harmonics = energy[fundamental::fundamental].sum()
    if harmonics <= SILENCE * len(answer) ** 2:
        return None
    return max(LEAST, float(energy[1:].sum() - harmonics) / float(harmonics))


def is_prime(number: int) -> bool:
    """Whether no whole number from 2 on divides it."""
    return number > 1 and all(number % divisor for divisor in range(2, int(number**0.5) + 1))
