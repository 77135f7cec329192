"""What no model of an amp can learn, told from the structure of what a rough model leaves.

A tremolo is a line in the spectrum of the envelopes' ratio, an echo a late peak in the correlation that has
no mirror image before the input, and recordings that were swapped have the distortion in the dry one.
"""

import numpy as np

from voxnas.audio.align import Delay
from voxnas.audio.checks import Finding
from voxnas.audio.residual import TAPS, Fit, fit_amp

FRAME_SECONDS, TREMOLO_SECONDS = 0.01, 60.0
TREMOLO_HERTZ = (0.8, 14.0)
TREMOLO_DB, TREMOLO_LINE = 1.0, 25.0  # playing reaches 0.7 dB, and 13 times the median of the spectrum
QUIET = 1e-3  # of the mean power: says nothing about a gain
BEND = 3  # order of the polynomial by which an amp's level may follow its input's
ECHO_SECONDS = 0.04  # a cabinet and a room's first walls are over by then
ECHO_SHARE, ECHO_MIRROR = (
    0.15,
    1.8,
)  # of the direct sound's peak; times what is before it, where no echo can be
SWAPPED_PEAKS = 0.8  # kurtosis of the dry recording over the other's: distortion takes peaks off
SWAPPED_ESR, EARLY_ESR = 0.8, 1.0  # of the fits' ESRs; where the target is early, which none should be
SWAPPED_MIN_ESR = 0.05
SLACK = 96  # samples by which the alignment may have put the swapped target before its input


def find_effects(
    dry: np.ndarray, amped: np.ndarray, sample_rate: int, delay: Delay, model: Fit
) -> list[Finding]:
    """Warnings about an aligned pair; `model` is the nonlinear fit of the two, `delay` as measured."""
    rate = find_tremolo(dry, amped, sample_rate, model)
    echo = find_echo(delay, sample_rate)
    findings = []
    if rate is not None:
        message = f"target's level sways {rate[0]:.1f} times a second by ±{rate[1]:.1f} dB: a tremolo?"
        findings.append(_warning("tremolo", message, rate[0]))
    if echo is not None:
        message = f"target repeats itself {1000 * echo:.0f} ms later: a delay effect?"
        findings.append(_warning("echo", message, echo))
    if swapped(dry, amped, model.esr, delay.samples < 0):
        message = (
            "input is more distorted than target, which predicts it better than the other way round: "
            "are the two swapped? Give the dry recording as input"
        )
        findings.append(Finding("swapped", "warning", message))
    return findings


def find_tremolo(
    dry: np.ndarray, amped: np.ndarray, sample_rate: int, model: Fit
) -> tuple[float, float] | None:
    """Rate in Hz and depth in dB of a tremolo, if there is one."""
    frame = int(FRAME_SECONDS * sample_rate)
    count = min(len(dry), int(TREMOLO_SECONDS * sample_rate)) // frame
    if count * FRAME_SECONDS < 5:
        return None
    expected, played = (
        _levels(samples[: count * frame].reshape(count, frame))
        for samples in (model(dry[: count * frame]), amped)
    )
    heard = (expected > QUIET * expected.mean()) & (played > 0)
    if heard.mean() < 1 / 4:
        return None
    ratio, level = (
        10 * np.log10(np.where(heard, a, 1)) for a in (played / np.maximum(expected, 1e-30), expected)
    )
    base = np.vander(level / 10 - np.mean(level[heard] / 10), BEND + 1)
    bend = np.linalg.lstsq(base[heard], ratio[heard], rcond=None)[0]
    sway = np.where(heard, np.clip(ratio - base @ bend, -20, 20), 0)
    spectrum = np.abs(np.fft.rfft(sway * np.hanning(count))) * 4 / heard.sum()
    hertz = np.fft.rfftfreq(count, FRAME_SECONDS)
    band = (hertz >= TREMOLO_HERTZ[0]) & (hertz <= TREMOLO_HERTZ[1])
    peak = int(np.where(band, spectrum, 0).argmax())
    clear = spectrum[peak] >= max(TREMOLO_DB, TREMOLO_LINE * float(np.median(spectrum[band])))
    return (float(hertz[peak]), float(spectrum[peak])) if clear else None


def find_echo(delay: Delay, sample_rate: int) -> float | None:
    """Seconds after which the target repeats itself, if it does."""
    height, late = np.abs(delay.correlation), delay.lags - delay.samples
    after, before = (np.where(side, height, 0) for side in _sides(late, ECHO_SECONDS * sample_rate))
    if not delay.found or not after.any() or not before.any():
        return None
    peak = int(after.argmax())
    clear = after[peak] >= max(ECHO_SHARE * height.max(), ECHO_MIRROR * before.max())
    return float(late[peak]) / sample_rate if clear else None


def swapped(dry: np.ndarray, amped: np.ndarray, esr: float, early: bool = False) -> bool:
    """Is the input the amp's recording? `esr` is what the nonlinear fit from input to target leaves; the
    target was `early`."""
    if len(dry) <= 2 * SLACK or esr < SWAPPED_MIN_ESR:
        return False
    if _kurtosis(dry) >= SWAPPED_PEAKS * _kurtosis(amped):
        return False
    back = fit_amp(amped[SLACK:], dry[:-SLACK], TAPS + SLACK)
    return back.esr < (EARLY_ESR if early else SWAPPED_ESR) * esr


def _sides(late: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
    reach = min(late.max(initial=0), -late.min(initial=0))  # as far on either side
    return (late >= least) & (late <= reach), (late <= -least) & (late >= -reach)


def _warning(check: str, message: str, value: float) -> Finding:
    advice = "no model learns that; record without, or expect less"
    return Finding(check, "warning", f"{message} {advice}", value)


def _levels(frames: np.ndarray) -> np.ndarray:
    smooth = np.hanning(7)
    power = np.square(frames, dtype=np.float64).mean(axis=1)
    return np.convolve(power, smooth / smooth.sum(), "same")


def _kurtosis(samples: np.ndarray) -> float:
    squares = np.square(samples, dtype=np.float64)
    return float(np.square(squares).mean() / max(float(squares.mean()) ** 2, 1e-30))
