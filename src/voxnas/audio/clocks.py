"""Two clocks that do not agree: how far they are apart, and the target brought onto the input's.

Clocks are told apart to a fraction of a sample: the best linear filter answers the input, and each window's
lag of the target behind that answer comes from the phase of their cross-spectrum, each frequency weighted by
how far the two agree there (maximum likelihood: Knapp & Carter, 1976). A nonlinear model explains more, but
its delay changes with the level, and so hides a part of the drift of a recording that grows louder.
"""

from dataclasses import dataclass

import numpy as np

from voxnas.audio.align import Delay, estimate_delay, predictor, shift
from voxnas.audio.residual import TAPS, fit_filter, slices
from voxnas.audio.stretch import stretch

MAX_PPM = 500.0  # two crystals differ by 200 at most
MIN_DRIFT = 0.75  # samples over the recording; what is played tilts the lags of real pairs by up to 0.2
SURE = 5.0  # times its standard error
MAX_WANDER = (2.0, 0.1)  # samples off a steady growth, or this share of it: a tape, no clock
WINDOW_SECONDS, MAX_WINDOWS, MIN_WINDOWS = 1.0, 100, 8
SMOOTH = 64  # bins over which agreement is averaged
PARTS = 8  # of the recording, whose median lags must lie on the line
ROUNDS = 3
REACH = 48  # samples about the delay in which a window's lag is looked for
CLEARLY = 0.8
OUTLIER = 4.0  # times the lags' scatter


@dataclass(frozen=True)
class ClockError:
    """Delay that grows by `ppm` of time, by `samples` over the recording.

    `standard_error` is that of `samples`; `wander`, in samples, is how far parts of the recording lie off a
    steady growth; `left` is the share of the whitened target that the filter leaves.
    """

    ppm: float
    samples: float
    standard_error: float = 0.0
    wander: float = 0.0
    left: float = 0.0

    @property
    def sure(self) -> bool:
        """The growth is there, and no chance."""
        return abs(self.samples) > max(MIN_DRIFT, SURE * self.standard_error)

    @property
    def steady(self) -> bool:
        """The delay grows evenly, as between two crystals."""
        return self.wander <= max(MAX_WANDER[0], MAX_WANDER[1] * abs(self.samples))

    @property
    def absurd(self) -> bool:
        """No two crystals are so far apart."""
        return abs(self.ppm) > MAX_PPM


@dataclass(frozen=True, eq=False)
class OneClock:
    """Target on the input's clock, and its delay.

    `error` is how far the clocks are apart, None if they are not; where it is neither steady nor sane, the
    target is as it was.
    """

    target: np.ndarray
    delay: Delay
    error: ClockError | None = None


def same_clock(input: np.ndarray, target: np.ndarray, sample_rate: int, delay: Delay) -> OneClock:
    """Bring the target onto the input's clock, both `(samples,)`; `delay` is what was measured.

    The instant at which both recordings begin stays. A target whose clock agrees is given back as it is.
    """
    rough = ClockError(delay.drift_ppm, delay.drift_samples) if delay.drifts else None
    if not delay.found or (rough and rough.absurd):
        return OneClock(target, delay, rough)
    ppm = rough.ppm if rough else 0.0
    corrected = stretch(target, 1 + ppm * 1e-6) if rough else target
    offset = (estimate_delay(input, corrected, sample_rate) if rough else delay).samples
    first = last = _measure(input, corrected, sample_rate, offset)
    if first is None or last is None:
        return OneClock(target, delay, rough)
    if not rough and not (first.sure and first.steady):
        return OneClock(target, delay, None if first.steady else first)
    for _ in range(ROUNDS):
        ppm += last.ppm
        corrected = stretch(target, 1 + ppm * 1e-6)
        if abs(last.samples) > 1:  # the delay was blurred
            offset = estimate_delay(input, corrected, sample_rate).samples
        last = _measure(input, corrected, sample_rate, offset)
        if last is None:
            return OneClock(target, delay, rough)
        if abs(last.samples) <= last.standard_error / 4:
            break
    if rough is None and last.left >= first.left:  # what is played grew other, not the delay
        return OneClock(target, delay)
    samples = ppm * 1e-6 * min(len(input), len(target))
    error = ClockError(ppm, samples, last.standard_error, last.wander, last.left)
    if error.absurd or not error.steady:
        return OneClock(target, delay, error)
    return OneClock(corrected, estimate_delay(input, corrected, sample_rate), error)


def _measure(input: np.ndarray, target: np.ndarray, sample_rate: int, delay: int) -> ClockError | None:
    """How the delay grows over the recording; None where too few windows show it."""
    x, y = shift(input, target, delay)
    size = int(WINDOW_SECONDS * sample_rate)
    if len(x) < TAPS + 2 * size:
        return None
    count = min(MAX_WINDOWS, 2 * (len(x) - TAPS) // size)
    starts = np.linspace(TAPS, len(x) - size, count).astype(int)
    model = fit_filter(x, y, whitening=predictor([y[start:stop] for start, stop in slices(len(y))]))
    window = np.hanning(size)
    answers = np.array([np.fft.rfft(model(x[s - TAPS : s + size])[TAPS:] * window) for s in starts])
    played = np.array([np.fft.rfft(y[s : s + size] * window) for s in starts])
    lags, weights = _lags(answers, played, size)
    times = (starts + size / 2) / sample_rate
    heard = weights > 0.01 * weights.max(initial=0)
    if heard.sum() < MIN_WINDOWS:
        return None
    return _line(times[heard], lags[heard], weights[heard], len(x) / sample_rate, sample_rate, model.esr)


def _lags(answers: np.ndarray, played: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Lags, in samples, of each window's `played` behind its `answers`, both spectra, and what each tells."""
    cross = played * np.conj(answers)
    power = np.sqrt(
        _smooth(np.square(np.abs(answers)).sum(axis=0)) * _smooth(np.square(np.abs(played)).sum(axis=0))
    )
    omega = 2 * np.pi * np.arange(cross.shape[1]) / size
    lags = _peaks(cross / np.maximum(power, 1e-300), size)
    tells = np.zeros(len(cross))
    for _ in range(4):  # Newton's method
        turned = cross * np.exp(1j * omega * lags[:, None])
        agreement = _smooth(np.maximum(turned.sum(axis=0).real, 0)) / np.maximum(power, 1e-300)
        agreement = np.clip(np.square(agreement), 0, 0.9999)
        weight = agreement / (1 - agreement) / np.maximum(power, 1e-300)
        tells = (omega**2 * weight * turned.real).sum(axis=1)
        step = (omega * weight * turned.imag).sum(axis=1) / np.maximum(tells, 1e-300)
        lags -= np.where(tells > 0, np.clip(step, -1, 1), 0)
    return lags, np.maximum(tells, 0)


def _peaks(cross: np.ndarray, size: int) -> np.ndarray:
    """Whole lags within REACH at which the whitened correlations peak; 0 where that is about as high."""
    around = np.arange(-REACH, REACH + 1)
    curves = np.fft.irfft(cross, size, axis=1)[:, around]
    best = curves.argmax(axis=1)
    clear = curves[:, REACH] < CLEARLY * curves.max(axis=1)
    return np.where(clear, around[best], 0).astype(float)


def _smooth(spectrum: np.ndarray) -> np.ndarray:
    return np.convolve(spectrum, np.full(SMOOTH, 1 / SMOOTH), "same")


def _line(
    times: np.ndarray, lags: np.ndarray, weights: np.ndarray, seconds: float, sample_rate: int, left: float
) -> ClockError:
    """A straight line through the lags, but for those that lie far off."""
    weights = np.minimum(weights, 4 * np.median(weights))  # loud windows are as wrong about the amp
    kept = np.ones(len(times), dtype=bool)
    base = np.stack((np.ones_like(times), times - times.mean()), axis=1)
    for _ in range(8):
        root = np.sqrt(weights * kept)
        line = np.linalg.lstsq(base * root[:, None], lags * root, rcond=None)[0]
        off = lags - base @ line
        kept = np.abs(off) <= OUTLIER * max(1.4826 * float(np.median(np.abs(off))), 1e-6)
    matrix = np.linalg.pinv((base * root[:, None]).T @ (base * root[:, None]))
    variance = matrix[1, 1] * float(np.sum(np.square(root * off))) / max(kept.sum() - 2, 1)
    parts = [float(np.median(part)) for part in np.array_split(off, min(PARTS, len(off) // 3))]
    return ClockError(
        ppm=float(line[1]) / sample_rate * 1e6,
        samples=float(line[1]) * seconds,
        standard_error=float(np.sqrt(variance)) * seconds,
        wander=max(map(abs, parts)),
        left=left,
    )
