"""Steps of the delay between two recordings: a buffer was lost or played twice, all that follows is off."""

from dataclasses import dataclass

import numpy as np

from voxnas.audio.align import (
    MIN_CONFIDENCE,
    PREDICTOR_ORDER,
    shift,
    standout,
    window_correlations,
)

REACH_SECONDS = 0.17  # either way: the largest buffer that interfaces offer, twice
WINDOW_SECONDS, SHORT_WINDOW_SECONDS = 1.0, 0.3
MIN_WINDOWS, MAX_WINDOWS = 32, 400  # however long the recording
BESIDE = 7  # windows on either side whose medians are compared, fewer at the ends
MIN_BESIDE = 3
MIN_STEP = 14  # samples; what a filter's swinging response adds by chance stays below
RESPONSE = 64  # samples on either side of a correlation's peak that hold what the amp makes of a click
MATCHES = 3  # rounds
FLOOR = 1e-3  # of the loudest window's power: what is quieter says nothing
MARGIN_SECONDS = 1.0  # kept away from a step, whose place is known to about half a window


@dataclass(frozen=True)
class Step:
    """Change of the delay by `samples`, after `first` and before `last` seconds."""

    first: float
    last: float
    samples: int

    @property
    def seconds(self) -> float:
        return (self.first + self.last) / 2

    def __str__(self) -> str:
        close = self.last - self.first < 2 * MARGIN_SECONDS
        when = f"at {self.seconds:.1f} s" if close else f"between {self.first:.1f} and {self.last:.1f} s"
        return f"{self.samples:+d} samples {when}"


def find_steps(input: np.ndarray, target: np.ndarray, sample_rate: int, delay: int) -> list[Step]:
    """Find where the delay of `target` changes at once by MIN_STEP or more; `delay` is about what it is."""
    x, y = shift(input, target, delay)
    times, lags = _track(x, y, sample_rate)
    jumps, blur = np.zeros(len(lags)), np.full(len(lags), np.inf)
    for k in range(MIN_BESIDE, len(lags) - MIN_BESIDE + 1):
        before, after = lags[max(0, k - BESIDE) : k], lags[k : k + BESIDE]
        middle = np.median(before), np.median(after)
        jumps[k] = middle[1] - middle[0]
        blur[k] = np.abs(before - middle[0]).mean() + np.abs(after - middle[1]).mean()
    places: list[int] = []
    clear = (np.abs(jumps) >= MIN_STEP) & (blur <= np.abs(jumps) / 4)
    while clear.any():  # the clearest first; its neighbours see the same step
        k = int(np.where(clear, blur / np.maximum(np.abs(jumps), 1), np.inf).argmin())
        places.append(k)
        clear[max(0, k - BESIDE) : k + BESIDE] = False
    start = max(0, -delay) / sample_rate
    return [
        Step(float(times[k - 1]) + start, float(times[k]) + start, samples)
        for k, samples in _lasting(lags, places)
    ]


def _lasting(lags: np.ndarray, places: list[int]) -> list[tuple[int, int]]:
    """The places between whose neighbours the delay stays changed, with its change; the least goes first."""
    places = sorted(places)
    while places:
        levels = [float(np.median(part)) for part in np.split(lags, places)]
        changes = np.diff(levels)
        least = int(np.abs(changes).argmin())
        if abs(changes[least]) >= MIN_STEP:
            return [(place, round(float(change))) for place, change in zip(places, changes, strict=True)]
        del places[least]
    return []


def longest_stretch(steps: list[Step], total_seconds: float) -> tuple[float, float]:
    """The longest stretch, in seconds, clear of the steps and of the end that a delay cuts off."""
    starts = [0.0, *(step.last + MARGIN_SECONDS for step in steps)]
    stops = [*(step.first - MARGIN_SECONDS for step in steps), total_seconds - MARGIN_SECONDS / 2]
    parts = list(zip(starts, stops, strict=True))
    return max(parts, key=lambda part: part[1] - part[0])


def _track(x: np.ndarray, y: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Times in seconds and delays in samples of the windows that show one."""
    reach = min(int(REACH_SECONDS * sample_rate), len(x) // 16)
    size = int(
        np.clip(len(x) / MIN_WINDOWS, SHORT_WINDOW_SECONDS * sample_rate, WINDOW_SECONDS * sample_rate)
    )
    first, last = reach + PREDICTOR_ORDER, len(x) - reach - size
    if last <= first:
        return np.zeros(0), np.zeros(0)
    hop = max(size // 2, (last - first) // MAX_WINDOWS)
    windows = [(start, start + size) for start in range(first, last, hop)]
    power = [float(np.mean(np.square(x[a:b:4], dtype=np.float64))) for a, b in windows]
    windows = [window for window, p in zip(windows, power, strict=True) if p > FLOOR * max(power)]
    if not windows:
        return np.zeros(0), np.zeros(0)
    curves = window_correlations(x, y, windows, reach)
    found = [standout(curve) for curve in curves]
    kept = [k for k, (_, confidence) in enumerate(found) if confidence >= MIN_CONFIDENCE]
    times = np.array([sum(windows[k]) / 2 / sample_rate for k in kept])
    return times, _matched(curves[kept], np.array([found[k][0] for k in kept])) - reach


def _matched(curves: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """Where all windows' common response lies in each: its largest swing alone may be another each time."""
    from scipy import fft

    if not len(curves):
        return peaks.astype(float)
    padded = np.pad(curves, ((0, 0), (RESPONSE, RESPONSE)))
    size = fft.next_fast_len(padded.shape[1], real=True)
    spectra = fft.rfft(padded, size)
    for _ in range(MATCHES):
        common = np.mean(
            [row[peak : peak + 2 * RESPONSE + 1] for row, peak in zip(padded, peaks, strict=True)], axis=0
        )
        fits = fft.irfft(spectra * np.conj(fft.rfft(common, size)), size)
        peaks = fits[:, : curves.shape[1]].argmax(axis=1)
    return peaks.astype(float)
