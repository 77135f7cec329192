"""A dry signal laid out as the plug-in trainer's standard recording, to re-amp or to test with."""

import numpy as np

from voxnas.problems.amp.data.nam_reamp import (
    CLICK_SECONDS,
    FIRST_PASS_SECONDS,
    SAMPLE_RATE,
    SECOND_PASS_SECONDS,
    TOTAL_SECONDS,
)

SWEEP_SECONDS, NOISE_SECONDS, PLAYING_SECONDS = (12, 15), (15.5, 17), (17, 180.5)
NOTE_SECONDS = 0.5
LOWEST, HIGHEST = 82.4, 660.0  # Hz: a guitar's open E to its twelfth fret on the high E
NOTES = 48  # different plucks; played in random order and loudness


def make_reamp_signal(seed: int = 0) -> np.ndarray:
    """Make 190 s of dry signal at 48 kHz, float32 within ±1, the same for the same seed.

    Plucked notes (0–9 s, again at 181–190 s, and 17–180.5 s), clicks at 10.5 and 11.5 s, a sweep and noise at
    12–17 s. The notes are Karplus-Strong plucks (Computer Music Journal 7(2), 1983).
    """
    generator = np.random.default_rng(seed)
    plucks = [_pluck(generator, LOWEST * (HIGHEST / LOWEST) ** (n / (NOTES - 1))) for n in range(NOTES)]
    signal = np.zeros(TOTAL_SECONDS * SAMPLE_RATE, dtype=np.float32)
    for start, stop in (FIRST_PASS_SECONDS, PLAYING_SECONDS):
        _play(generator, plucks, signal[_samples(start) : _samples(stop)])
    signal[_samples(SECOND_PASS_SECONDS[0]) :] = signal[: _samples(FIRST_PASS_SECONDS[1])]
    for second in CLICK_SECONDS:
        signal[_samples(second)] = 0.9
    signal[_samples(SWEEP_SECONDS[0]) : _samples(SWEEP_SECONDS[1])] = _sweep(
        SWEEP_SECONDS[1] - SWEEP_SECONDS[0]
    )
    noise = signal[_samples(NOISE_SECONDS[0]) : _samples(NOISE_SECONDS[1])]
    noise[:] = 0.1 * generator.standard_normal(len(noise))
    return signal.clip(-1, 1)


def _samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)


def _pluck(generator: np.random.Generator, frequency: float) -> np.ndarray:
    """One note, peak 1: a burst of noise in a string loop that averages neighbours."""
    from scipy.signal import lfilter

    period = round(SAMPLE_RATE / frequency)
    burst = np.zeros(_samples(NOTE_SECONDS))
    burst[:period] = generator.uniform(-1, 1, period)
    burst[:period] -= burst[:period].mean()  # the loop would let a constant ring on
    loop = np.zeros(period + 2)
    loop[0], loop[period], loop[period + 1] = 1.0, -0.498, -0.498
    note = lfilter([1.0], loop, burst)
    return (note / np.abs(note).max()).astype(np.float32)


def _play(generator: np.random.Generator, plucks: list[np.ndarray], out: np.ndarray) -> None:
    """Fill a stretch with notes, soft to hard; the last eighth of each note's time fades."""
    fade = np.ones(len(plucks[0]), dtype=np.float32)
    fade[-len(fade) // 8 :] = np.linspace(1, 0, len(fade[-len(fade) // 8 :]))
    for start in range(0, len(out), len(fade)):
        note = plucks[generator.integers(NOTES)] * fade * np.float32(10 ** generator.uniform(-1.5, -0.1))
        out[start : start + len(fade)] += note[: len(out) - start]


def _sweep(seconds: float) -> np.ndarray:
    """Exponential sine sweep from 20 Hz to 20 kHz (Farina, AES 108, 2000), faded at both ends."""
    t = np.arange(_samples(seconds)) / SAMPLE_RATE
    rate = np.log(20_000 / 20) / seconds
    fade = np.minimum(1, np.minimum(t, t[-1] - t) / 0.05)
    return (0.5 * fade * np.sin(2 * np.pi * 20 / rate * (np.exp(rate * t) - 1))).astype(np.float32)
