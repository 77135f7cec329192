"""The demo guitar: strings, pickup and the noise of a real input, as a direct-injection recording."""

import numpy as np

from voxnas.audio.demo.karplus_strong import pluck
from voxnas.audio.demo.pickup import pickup
from voxnas.audio.demo.score import Note, compose

PEAK = 0.6  # -4.4 dBFS, a well-set recording level
NOISE_RMS = 10 ** (-90 / 20)
HUM_PEAK = 10 ** (-84 / 20)
MAINS_HZ = 50.0


def play_guitar(seconds: float, sample_rate: int, seed: int) -> np.ndarray:
    """Return a dry guitar recording, float64, `(round(seconds * sample_rate),)`, its peak about `PEAK`."""
    rng = np.random.default_rng(seed)
    dry = pickup(render(compose(seconds, rng), round(seconds * sample_rate), sample_rate, rng), sample_rate)
    return dry * (PEAK / np.max(np.abs(dry))) + _noise_floor(len(dry), sample_rate, rng)


def render(notes: list[Note], samples: int, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
    """Return the sum of all strings, before the pickup's coil."""
    out = np.zeros(samples)
    for note in notes:
        start = round(note.start_s * sample_rate)
        sound = pluck(
            note.frequency_hz, note.length_s, sample_rate, rng, velocity=note.velocity, muted=note.muted
        )[: max(0, samples - start)]
        out[start : start + len(sound)] += sound
    return out


def _noise_floor(samples: int, sample_rate: int, rng: np.random.Generator) -> np.ndarray:
    time_s = np.arange(samples) / sample_rate
    hum = sum(np.sin(2 * np.pi * MAINS_HZ * odd * time_s) / odd for odd in (1, 3, 5))
    return NOISE_RMS * rng.standard_normal(samples) + HUM_PEAK * hum
