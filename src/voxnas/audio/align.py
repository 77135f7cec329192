"""The delay between two recordings of one take.

A guitar is low-passed and periodic, and an amp filters and distorts it, so the peak of their plain
cross-correlation is broad and late. Both signals are therefore whitened first, each by its own linear
predictor, which is causal: what remains, the innovations, coincide at the true delay whatever minimum-phase
filter lies between (prewhitening: Box & Jenkins, Time Series Analysis, ch. 11).
"""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

PREDICTOR_ORDER = 32
WHITE_NOISE = 1e-9  # of the power, added to the autocorrelation: -90 dB and below is not whitened
WINDOWS, MIN_WINDOWS = 16, 8
WINDOW_SECONDS, SHORT_WINDOW_SECONDS = 3.0, 0.3
FAR_SECONDS = 10.0
REACH = 48  # samples before the correlation's peak in which the response may begin
ONSET_SHARE = 0.35  # of the peak: clipping leaves a foreboding of up to 0.3 before the response itself
GAP = 16  # samples without response that end the way back from the peak: a cabinet swings through zero faster
MAX_MARGIN = 6  # samples kept in hand, more the slower the response rises, so that the pair stays causal
MIN_CONFIDENCE, SURE = 0.25, 0.5
HEARD = 0.01  # of the mean power around: a window that has less is silent
MAX_CLOCK_ERROR = 0.005  # of time: a few windows that show nothing lie on a steeper line by chance
MAX_DRIFT = 4  # samples over the recording: windows differ as much by chance


@dataclass(frozen=True, eq=False)
class Delay:
    """Delay of the target against the input, over the recording.

    samples: to take off the target; negative if the target is early.
    per_window: the delay of each window that shows one, in samples, at `window_seconds`.
    drift_ppm: growth of the delay in parts per million of time, 0 where it is constant.
    confidence: 0 to 1, how far the correlation's peak stands out of the rest.
    inverted: the target answers a positive step with a negative one.
    lags, correlation: of the innovations, over all windows, for drawing.
    """

    samples: int
    per_window: list[float]
    drift_ppm: float
    confidence: float
    inverted: bool
    window_seconds: list[float] = field(default_factory=list)
    drift_samples: float = 0.0
    lags: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=int))
    correlation: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @property
    def found(self) -> bool:
        return self.confidence >= MIN_CONFIDENCE

    @property
    def drifts(self) -> bool:
        """The delay changes by more than windows can differ by chance: the two clocks do not agree."""
        return abs(self.drift_samples) > MAX_DRIFT


def estimate_delay(
    input: np.ndarray, target: np.ndarray, sample_rate: int, max_delay_seconds: float = 1.0
) -> Delay:
    """Estimate the delay of `target` against `input`, both `(samples,)`.

    A pure delay is found to the sample. Where the target is filtered or distorted, its response rises over
    some samples: the delay is then put as far before the first that shows as the peak is behind it, so that
    the target never needs input from its future; where that is not distinct from no delay at all, it is 0.
    Where nothing is sure within `max_delay_seconds`, FAR_SECONDS are searched, or a quarter of the recording.
    At most WINDOWS stretches of WINDOW_SECONDS are looked at, however long the recording.
    """
    found = _estimate(input, target, sample_rate, max_delay_seconds, WINDOW_SECONDS)
    if found.drifts or found.confidence >= SURE:
        return found
    # Clocks that are far apart blur a long window; a short one says less, but still says it.
    hurried = _estimate(input, target, sample_rate, max_delay_seconds, SHORT_WINDOW_SECONDS)
    if hurried.drifts:
        return hurried
    far = _estimate(input, target, sample_rate, FAR_SECONDS, WINDOW_SECONDS)
    beyond = abs(far.samples) > max_delay_seconds * sample_rate
    return far if beyond and far.confidence >= SURE else found


def shift(input: np.ndarray, target: np.ndarray, delay: int) -> tuple[np.ndarray, np.ndarray]:
    """Take a delay of the target (negative: of the input) off and trim both to what they share, as views."""
    input = input[max(0, -delay) :]
    target = target[max(0, delay) :]
    length = min(len(input), len(target))
    return input[:length], target[:length]


def _estimate(
    input: np.ndarray, target: np.ndarray, sample_rate: int, max_delay_seconds: float, window_seconds: float
) -> Delay:
    total = min(len(input), len(target))
    reach = min(int(max_delay_seconds * sample_rate), total // 4)
    size = int(np.clip(total / MIN_WINDOWS, SHORT_WINDOW_SECONDS * sample_rate, window_seconds * sample_rate))
    windows = _loudest_windows(input, PREDICTOR_ORDER + reach, total - reach, size)
    if not windows:
        return Delay(0, [], 0.0, 0.0, False)
    lags = np.arange(-reach, reach + 1)
    curves = window_correlations(input, target, windows, reach)
    standouts = [standout(curve) for curve in curves]
    clear = [k for k, (_, confidence) in enumerate(standouts) if confidence >= MIN_CONFIDENCE]
    times = np.array([sum(windows[k]) / 2 / sample_rate for k in clear])
    peaks = np.array([float(lags[standouts[k][0]]) for k in clear])
    slope = _slope(times, peaks)
    slope = slope if abs(slope) <= MAX_CLOCK_ERROR * sample_rate else 0.0
    drift = slope * total / sample_rate
    mean = curves.mean(axis=0)
    peak, confidence = standout(mean)
    samples = _settle(int(lags[peak]), *_onset(mean, peak))
    reference = samples - int(lags[peak])
    if abs(drift) > MAX_DRIFT:  # the mean is smeared: speak of the middle of the recording
        samples, reference = int(np.median(peaks)), 0
        confidence = float(np.median([standouts[k][1] for k in clear]))
    return Delay(
        samples=samples,
        per_window=(peaks + reference).tolist(),
        drift_ppm=slope / sample_rate * 1e6,
        confidence=confidence,
        inverted=bool(mean[peak] < 0),
        window_seconds=times.tolist(),
        drift_samples=drift,
        lags=lags,
        correlation=mean,
    )


def _loudest_windows(input: np.ndarray, first: int, last: int, size: int) -> list[tuple[int, int]]:
    """The loudest stretch of each of up to WINDOWS equal parts of the input, unless it is nearly silent."""
    size = min(size, last - first)
    if size <= 4 * PREDICTOR_ORDER:
        return []
    edges = np.linspace(first, last, max(1, min(WINDOWS, (last - first) // size)) + 1).astype(int)
    found = []
    for edge, end in pairwise(edges):
        starts = np.linspace(edge, end - size, 8).astype(int)
        power = [float(np.mean(np.square(input[s : s + size : 4], dtype=np.float64))) for s in starts]
        best = int(np.argmax(power))
        found.append((power[best], int(starts[best])))
    floor = 1e-3 * max(power for power, _ in found)
    return [(start, start + size) for power, start in found if power > 0 and power >= floor]


def window_correlations(
    input: np.ndarray, target: np.ndarray, windows: list[tuple[int, int]], reach: int
) -> np.ndarray:
    """Normalised cross-correlations of the innovations, `(windows, 2·reach + 1)`.

    By what the target has beside the window; with its margins where it is silent there, and they are not.
    """
    # The predictors need their order of samples in front: a filter that starts on nothing makes a click.
    pieces = [
        (input[start - PREDICTOR_ORDER : stop], target[start - PREDICTOR_ORDER - reach : stop + reach])
        for start, stop in windows
    ]
    whiten_input = predictor([x for x, _ in pieces])
    whiten_target = predictor([y for _, y in pieces])
    curves = []
    for x, y in pieces:
        x, y = np.convolve(x, whiten_input, "valid"), np.convolve(y, whiten_target, "valid")
        middle, whole = y[reach : reach + len(x)], float(y @ y)
        beside = float(middle @ middle)
        heard = beside >= HEARD * whole * len(x) / len(y)
        norm = np.sqrt(float(x @ x) * (beside if heard else whole))
        curves.append(_valid_correlation(x, y) / max(norm, 1e-30))
    return np.array(curves)


def _valid_correlation(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    from scipy import fft

    size = fft.next_fast_len(len(y), real=True)
    full = fft.irfft(np.conj(fft.rfft(x, size)) * fft.rfft(y, size), size)
    return full[: len(y) - len(x) + 1]


def predictor(pieces: list[np.ndarray]) -> np.ndarray:
    """The prediction-error filter [1, -a1, -a2 …] of all pieces together (autocorrelation method)."""
    from scipy.linalg import solve_toeplitz

    power = np.zeros(PREDICTOR_ORDER + 1)
    for piece in (p.astype(np.float64) for p in pieces):
        power += [float(piece[lag:] @ piece[: len(piece) - lag]) for lag in range(PREDICTOR_ORDER + 1)]
    if power[0] == 0:
        return np.eye(1, PREDICTOR_ORDER + 1)[0]
    power[0] *= 1 + WHITE_NOISE
    return np.concatenate(([1.0], -solve_toeplitz(power[:-1], power[1:])))


def standout(curve: np.ndarray) -> tuple[int, float]:
    """Index of the highest peak, and how far it rises above all that is more than a few milliseconds away."""
    height = np.abs(curve)
    peak = int(height.argmax())
    away = np.concatenate((height[: max(0, peak - 4 * REACH)], height[peak + 4 * REACH :]))
    rest = float(away.max()) if away.size else 0.0
    return peak, 1 - rest / float(height[peak]) if height[peak] > 0 else 0.0


def _slope(times: np.ndarray, lags: np.ndarray) -> float:
    """Theil-Sen slope in samples per second, if two thirds of the windows lie on the line; else 0.

    Written out, since importing scipy.stats takes longer than the whole estimate.
    """
    if len(times) < 3:
        return 0.0
    first, second = np.triu_indices(len(times), 1)
    slope = float(np.median((lags[second] - lags[first]) / (times[second] - times[first])))
    intercept = float(np.median(lags - slope * times))
    close = np.abs(lags - slope * times - intercept) <= MAX_DRIFT
    return slope if close.mean() >= 2 / 3 else 0.0


def _onset(curve: np.ndarray, peak: int) -> tuple[int, int]:
    """Samples before the peak at which the response begins, and the margin that its rise calls for."""
    height = np.abs(curve)
    around = np.delete(height[max(0, peak - 8) : peak + 9], min(8, peak))
    if around.size == 0 or around.max() < height[peak] / 4:  # a single spike: a pure delay
        return 0, 0
    onset = peak
    for index in range(peak, max(0, peak - REACH) - 1, -1):
        if height[index] >= ONSET_SHARE * height[peak]:
            onset = index
        elif onset - index >= GAP:
            break
    return peak - onset, min(MAX_MARGIN, 1 + peak - onset)


def _settle(peak_lag: int, rise: int, margin: int) -> int:
    """Samples to take off: what is surely delay; 0 for a response that may as well begin at once."""
    onset = peak_lag - rise
    return 0 if onset - margin <= 0 <= onset + min(margin, 1) else onset - margin
