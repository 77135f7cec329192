"""Partials of a ringing note: where they lie, how they decay."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
WINDOW = 6  # periods of the Hann window that tells one partial from the next
SILENCE_DB = -160.0
REACH_DB = 60.0  # partials that far below the strongest are not told
ABOVE_FLOOR_DB = 6.0


@dataclass(frozen=True)
class Envelopes:
    """Partials over time, one value in each period.

    Attributes:
        values: complex amplitudes `(partials, frames)`, relative to each partial's frequency.
        frequencies: in Hz, to which the values are relative.
        hop: samples between frames; the first is centred on sample `centre`.
    """

    values: NDArray[np.complex128]
    frequencies: Array
    hop: int
    centre: int
    sample_rate: int

    @property
    def db(self) -> Array:
        return decibels(np.abs(self.values))

    @property
    def seconds(self) -> Array:
        return (self.centre + self.hop * np.arange(self.values.shape[1])) / self.sample_rate


def decibels(amplitude: Array) -> Array:
    """In dB, with -160 dB for silence."""
    found: Array = 20 * np.log10(
        np.maximum(np.nan_to_num(amplitude, nan=1e30, posinf=1e30), 10 ** (SILENCE_DB / 20))
    )
    return found


def envelopes(samples: Array, sample_rate: int, frequencies: Array, pitch_hz: float) -> Envelopes:
    """Amplitudes of partials of a note of the given pitch, whose neighbours the window leaves out."""
    hop, size = max(1, round(sample_rate / pitch_hz)), round(WINDOW * sample_rate / pitch_hz)
    samples = np.nan_to_num(np.clip(samples, -1e6, 1e6))
    if len(samples) < size:
        samples = np.pad(samples, (0, size - len(samples)))
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)[::hop]
    time, window = np.arange(size) - size / 2, np.hanning(size + 1)[:-1]
    turning = (
        np.exp(-2j * np.pi * np.outer(time, frequencies) / sample_rate) * (2 * window / window.sum())[:, None]
    )
    starts = hop * np.arange(len(frames)) + size / 2
    phases = np.exp(-2j * np.pi * np.outer(frequencies, starts) / sample_rate)
    return Envelopes((frames @ turning).T * phases, np.asarray(frequencies), hop, size // 2, sample_rate)


def drift_hz(values: NDArray[np.complex128], frame_s: float, floor_db: float) -> float:
    """By how much a partial's frequency is above the one that its values are relative to.

    From the phase's growth over ever longer lags, each of which the one before makes unambiguous.
    """
    loud = np.abs(values) > 10 ** (floor_db / 20)
    size = int(np.argmin(loud)) if not loud.all() else len(values)
    known, lag = 0.0, 1
    while lag <= max(1, size // 2) and size > 1:
        turn = np.sum(
            values[lag:size] * values[: size - lag].conj() * np.exp(-2j * np.pi * known * lag * frame_s)
        )
        known += float(np.angle(turn)) / (2 * np.pi * lag * frame_s)
        lag *= 2
    return known


@dataclass(frozen=True)
class Partials:
    """What is told of a note's partials.

    Attributes:
        numbers: 1 for the fundamental.
        frequencies: in Hz.
        envelopes: of each.
        last: of each the number of frames until it is lost in the noise, or in the dark.
        t60: seconds in which each falls by 60 dB, as a straight line through its envelope has it; NaN if
            unknown.
        floor_db: of each, below which it cannot be told.
        pitch_hz: of the string, without its inharmonicity.
        inharmonicity: B in f_k = k f sqrt(1 + B k²).
    """

    numbers: NDArray[np.int64]
    frequencies: Array
    envelopes: Envelopes
    last: NDArray[np.int64]
    t60: Array
    floor_db: Array
    pitch_hz: float
    inharmonicity: float


def find_partials(
    samples: Array, sample_rate: int, pitch_hz: float, noise: Array | None = None, count: int = 10
) -> Partials:
    """The first partials within 60 dB of the strongest; `noise`: what the recording has without the note."""
    frequencies, pitch, stretch = _frequencies(samples, sample_rate, pitch_hz, 2 * count)
    found = envelopes(samples, sample_rate, frequencies, pitch)
    floor = _floors(noise, sample_rate, frequencies, pitch)
    peaks = found.db[:, : max(1, found.db.shape[1] // 2)].max(1)
    is_told = (peaks > peaks.max() - REACH_DB) & (peaks > floor + 3 * ABOVE_FLOOR_DB)
    kept = np.flatnonzero(is_told)[:count]
    if not len(kept):
        kept = np.array([int(peaks.argmax())])
    db, floor = found.db[kept], floor[kept]
    own = Envelopes(found.values[kept], frequencies[kept], found.hop, found.centre, sample_rate)
    last = np.array([_length(row, low) for row, low in zip(db, floor, strict=True)])
    t60 = np.array([fall_t60(own.seconds[:n], row[:n]) for row, n in zip(db, last, strict=True)])
    return Partials(kept + 1, frequencies[kept], own, last, t60, floor, pitch, stretch)


def _frequencies(samples: Array, sample_rate: int, pitch_hz: float, count: int) -> tuple[Array, float, float]:
    """Of each partial its frequency; then pitch and inharmonicity that fit them best."""
    count = max(1, min(count, int(0.45 * sample_rate / pitch_hz)))
    pitch, stretch, found, weights = pitch_hz, 0.0, [], []
    for number in range(1, count + 1):
        expected = number * pitch * np.sqrt(1 + stretch * number**2)
        own = envelopes(samples, sample_rate, np.array([expected]), pitch_hz)
        peak = float(own.db.max())
        away = drift_hz(own.values[0], own.hop / sample_rate, peak - 30)
        away = away if abs(away) < 0.25 * pitch_hz else 0.0
        found.append(expected + away)
        weights.append(10 ** (peak / 20) * number)
        if number >= 2:
            pitch, stretch = _stretched(np.array(found), np.array(weights))
    if count == 1:
        pitch = found[0]
    return np.array(found), float(pitch), float(stretch)


def _stretched(frequencies: Array, weights: Array) -> tuple[float, float]:
    """f and B of f_k² / k² = f² + f² B k², by least squares; B is at least 0."""
    numbers = np.arange(1, len(frequencies) + 1)
    weights = weights / weights.max() + 1e-6
    slope, base = np.polyfit(numbers**2.0, (frequencies / numbers) ** 2, 1, w=weights)
    if slope <= 0 or base <= 0:
        return float(np.average(frequencies / numbers, weights=weights**2)), 0.0
    return float(np.sqrt(base)), float(slope / base)


def _floors(noise: Array | None, sample_rate: int, frequencies: Array, pitch_hz: float) -> Array:
    size = round(WINDOW * sample_rate / pitch_hz)
    if noise is None or len(noise) < size:
        return np.full(len(frequencies), SILENCE_DB + 30)
    level = np.abs(envelopes(noise, sample_rate, frequencies, pitch_hz).values)
    return np.maximum(decibels(np.sqrt((level**2).mean(1))), SILENCE_DB + 30)


def _length(db: Array, floor_db: float) -> int:
    """Frames until an envelope is for good below what can be told."""
    loud = np.flatnonzero(db > floor_db + ABOVE_FLOOR_DB)
    return int(loud[-1]) + 1 if len(loud) else 1


def fall_t60(seconds: Array, db: Array) -> float:
    """Seconds for 60 dB by a straight line through an envelope; NaN where it does not fall."""
    if len(db) < 3:
        return float("nan")
    slope = float(np.polyfit(seconds, db, 1)[0])
    return -60 / slope if slope < -1e-6 else float("nan")


def cents(frequency: float | Array, reference: float | Array) -> Array:
    """Interval in cents."""
    found: Array = 1200 * np.log2(np.asarray(frequency) / np.asarray(reference))
    return found
