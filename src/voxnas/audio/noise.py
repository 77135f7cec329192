"""Noise of a recorded target: hum and hiss, below which no model can get.

Heard where the input pauses. A guitar seldom pauses, so the moments are also taken at which the upper bands
lie on a floor that is steady and white: what is played is neither.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from voxnas.audio.checks import Finding, decibels

FRAME = 4_096
BANDS = 6  # from FIRST_HERTZ to LAST_SHARE of half the rate
FIRST_HERTZ, LAST_SHARE = 8_000.0, 0.9
QUIETEST = (2, 5)  # percentiles of a band's levels that agree on a floor
STEADY_DB, WHITE_DB, MIN_BANDS = 1.5, 2.0, 3
LEAST_DB = -70.0  # below the target's RMS: no model comes near
QUANTISATION_DBFS = -95.0  # what rounding to 16 bits leaves lies below
PAUSE_DB, PAUSE_SECONDS, TAIL_SECONDS = 60.0, 0.5, 0.3  # below the input's RMS; in all; until a note has died
BLOCK_SECONDS = 0.05
MAINS = (50, 60)
HARMONICS = 12
SURE = 6.0  # standard errors by which a line stands out
BESIDE = (-6, -4, 4, 6)  # Hz: the lines' neighbours tell how much is played
MOST_WINDOWS = 400  # of a second


@dataclass(frozen=True)
class Noise:
    """Noise of a target: levels in dBFS RMS, None where none can be told; `hum` by frequency in Hz.

    `hiss` is of the whole band; `from_pauses` says that it was heard alone.
    """

    hiss: float | None
    hum: dict[int, float]
    from_pauses: bool = False

    @property
    def power(self) -> float | None:
        """Mean square of all noise; None unless the hiss is known."""
        if self.hiss is None:
            return None
        return float(sum(10 ** (level / 10) for level in (self.hiss, *self.hum.values())))

    def floor(self, target: np.ndarray) -> float | None:
        """The ESR on `target`, `(samples,)`, below which no model gets; None where it is not known."""
        power = float(np.mean(np.square(target, dtype=np.float64))) if len(target) else 0.0
        return None if self.power is None or power == 0 else self.power / power

    def finding(self, target: np.ndarray) -> Finding:
        """A line that names what was found in the target."""
        parts = [] if self.hiss is None else [f"hiss {self.hiss:.0f} dBFS"]
        if self.hum:
            first = min(self.hum)
            lines = ", ".join(f"{hertz} Hz {level:.0f}" for hertz, level in sorted(self.hum.items()))
            parts.append(
                f"hum of {first} Hz mains ({lines} dBFS)" if first in MAINS else f"hum ({lines} dBFS)"
            )
        floor = self.floor(target)
        if floor is not None:
            parts.append(f"no model gets below an ESR of about {floor:.1g}")
        elif self.hum:
            parts.append("hiss is hidden below what is played")
        return Finding("noise", "ok", "; ".join(parts) or "no noise measurable in target", floor)


def measure_noise(input: np.ndarray, target: np.ndarray, sample_rate: int) -> Noise:
    """Hum and hiss of an aligned target, both `(samples,)`."""
    if not len(target):
        return Noise(None, {})
    in_input = hum_lines(input, sample_rate)
    hum = {f: level for f, level in hum_lines(target, sample_rate).items() if f not in in_input}
    paused = _pauses(input, target, sample_rate)
    if paused is not None:
        lines = sum(10 ** (level / 10) for level in hum.values())
        hiss: float | None = 10 * float(np.log10(max(paused - lines, paused / 100, 1e-20)))
    else:
        hiss = _white_floor(target, sample_rate)
    loudness = decibels(float(np.sqrt(np.mean(np.square(target, dtype=np.float64)))))
    if hiss is not None and hiss < max(QUANTISATION_DBFS, loudness + LEAST_DB):
        hiss = None
    return Noise(hiss, hum, paused is not None)


def hum_lines(samples: np.ndarray, sample_rate: int) -> dict[int, float]:
    """Levels in dBFS, by frequency in Hz, of the steady lines at multiples of the mains'.

    Windows of a second are added up in phase, each weighted by how little is played beside the line.
    """
    hop = max(sample_rate // 2, (len(samples) - sample_rate) // MOST_WINDOWS)
    starts = np.arange(0, len(samples) - sample_rate + 1, hop)
    if len(starts) < 8:
        return {}
    window = np.hanning(sample_rate) / np.hanning(sample_rate).sum()
    most = MAINS[-1] * HARMONICS + BESIDE[-1] + 1
    spectra = np.array([np.fft.rfft(samples[s : s + sample_rate] * window)[:most] for s in starts])
    found: dict[int, dict[int, float]] = {}
    for mains in MAINS:
        found[mains] = {}
        for hertz in range(mains, mains * HARMONICS + 1, mains):
            level = _line(spectra, starts / sample_rate, hertz)
            if level is not None:
                found[mains][hertz] = level
    return max(found.values(), key=len)


def _line(spectra: np.ndarray, seconds: np.ndarray, hertz: int) -> float | None:
    beside = np.mean([np.square(np.abs(spectra[:, hertz + off])) for off in BESIDE], axis=0)
    weights = 1 / np.maximum(beside, 1e-24)
    turned = spectra[:, hertz] * np.exp(-2j * np.pi * hertz * seconds)
    amplitude = abs((weights * turned).sum()) / weights.sum()
    error = np.sqrt(2 / weights.sum())  # windows overlap by half
    level = decibels(float(2 * amplitude / np.sqrt(2)))
    return level if amplitude > SURE * error and level > QUANTISATION_DBFS else None


def _pauses(input: np.ndarray, target: np.ndarray, sample_rate: int) -> float | None:
    """Mean square of the target where the input pauses, and notes have died away; None if it hardly does."""
    size = int(BLOCK_SECONDS * sample_rate)
    count = len(input) // size
    if not count:
        return None
    played, heard = (
        np.square(x[: count * size].reshape(count, size), dtype=np.float64).mean(axis=1)
        for x in (input, target)
    )
    loud = played > played.mean() * 10 ** (-PAUSE_DB / 10)
    tail = int(TAIL_SECONDS / BLOCK_SECONDS)
    paused = ~(np.convolve(loud, np.ones(tail + 1))[:count] > 0)
    paused[:-1] &= ~loud[1:]
    if paused.sum() * BLOCK_SECONDS < PAUSE_SECONDS:
        return None
    return float(np.median(heard[paused]))


def _white_floor(target: np.ndarray, sample_rate: int) -> float | None:
    """Level in dBFS of white noise of which the quietest moments of the upper bands consist; None if not."""
    count = len(target) // FRAME
    edges = np.linspace(FIRST_HERTZ, LAST_SHARE * sample_rate / 2, BANDS + 1) * FRAME / sample_rate
    if count < 100 or edges[-1] <= edges[0]:
        return None
    window = np.hanning(FRAME)
    levels = np.empty((count, BANDS))
    for k in range(count):
        power = np.square(np.abs(np.fft.rfft(target[k * FRAME : (k + 1) * FRAME] * window)))
        levels[k] = [power[int(a) : int(b)].mean() for a, b in pairwise(edges)]
    low, high = 10 * np.log10(np.maximum(np.percentile(levels, QUIETEST, axis=0) / (window @ window), 1e-20))
    steady = high[high - low <= STEADY_DB]
    white = steady[steady <= steady.min(initial=np.inf) + WHITE_DB]
    return float(white.mean()) if len(white) >= MIN_BANDS else None
