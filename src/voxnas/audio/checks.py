"""Checks of one recording and of a pair; each returns what it found, and none raises."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from voxnas.utils.errors import InputError

BLOCK = 1 << 20  # samples looked at together, so that no check copies an hour of audio
SILENCE_DBFS = -80.0
MAX_LENGTH_DIFFERENCE_SECONDS = 1.0
CLIPPING_FLOOR = 0.5  # -6 dBFS: flat tops below are a pedal's, not a converter's
FLAT_RUN = 3  # samples at the same extreme: a converter clips, a waveform's own top is not flat


@dataclass(frozen=True)
class Finding:
    """Finding of one check: `message` is one line that names the file and what to do."""

    check: str
    level: Literal["ok", "notice", "warning", "error"]
    message: str
    value: float | None = None


@dataclass(frozen=True)
class Levels:
    """Figures of one recording; full scale is ±1."""

    peak: float
    rms: float
    mean: float
    clipped_share: float
    non_finite: int

    @property
    def peak_dbfs(self) -> float:
        return decibels(self.peak)

    @property
    def rms_dbfs(self) -> float:
        return decibels(self.rms)


def decibels(amplitude: float) -> float:
    """20·log10, with a floor of -200 dB so that silence has a figure."""
    return 20 * float(np.log10(max(amplitude, 1e-10)))


def propose_sections(start: float, stop: float) -> str:
    """Settings that cut the stretch, in seconds, as a whole recording is cut by default."""
    edges = [f"{start + share * (stop - start):.1f}" for share in (0, 0.7, 0.85, 1)]
    parts = zip(("train", "val", "test"), pairwise(edges), strict=True)
    return " ".join(f'data.{name}="{first}:{last}"' for name, (first, last) in parts)


def raise_errors(findings: Iterable[Finding], where: str = "") -> None:
    """Raise InputError with all the errors among the findings in one line, if there are any.

    `where` names the files, in front.
    """
    errors = [finding.message for finding in findings if finding.level == "error"]
    if errors:
        raise InputError(f"{where}: {'; '.join(errors)}" if where else "; ".join(errors))


def measure_levels(samples: np.ndarray) -> Levels:
    """Peak, RMS, mean and clipped share in one walk through the recording; what is not finite is left out."""
    highest = lowest = total = squares = 0.0
    non_finite = 0
    for block in _blocks(samples):
        finite = np.isfinite(block)
        if not finite.all():
            non_finite += int(block.size - np.count_nonzero(finite))
            block = np.where(finite, block, np.float32(0))
        highest, lowest = max(highest, float(block.max())), min(lowest, float(block.min()))
        total += float(block.sum(dtype=np.float64))
        squares += float(np.dot(block.astype(np.float64), block))
    n = max(len(samples), 1)
    clipped = _clipped_share(samples, highest, lowest)
    return Levels(max(highest, -lowest), (squares / n) ** 0.5, total / n, clipped, non_finite)


def check_recording(name: str, samples: np.ndarray) -> list[Finding]:
    """Findings of all checks of a single recording; `name` begins every line."""
    levels = measure_levels(samples)
    findings = [check_finite(name, levels), check_silence(name, levels)]
    if all(finding.level == "ok" for finding in findings):
        findings += [check_clipping(name, levels), check_dc(name, levels)]
    return findings


def check_finite(name: str, levels: Levels) -> Finding:
    """NaN or infinity, which only a broken export writes."""
    count = levels.non_finite
    if count:
        message = f"{name}: {count} samples are NaN or infinite; export the recording again"
        return Finding("finite", "error", message, count)
    return Finding("finite", "ok", f"{name}: every sample is a finite number", 0)


def check_silence(name: str, levels: Levels) -> Finding:
    """Finding on silence: nothing was recorded."""
    if levels.rms_dbfs < SILENCE_DBFS:
        message = f"{name}: silent ({levels.rms_dbfs:.0f} dBFS RMS); check the routing and record again"
        return Finding("level", "error", message, levels.rms_dbfs)
    message = f"{name}: peak {levels.peak_dbfs:.1f} dBFS, RMS {levels.rms_dbfs:.1f} dBFS"
    return Finding("level", "ok", message, levels.rms_dbfs)


def check_clipping(name: str, levels: Levels) -> Finding:
    """Runs of samples flat at the extreme, as a converter that was driven too hard leaves them."""
    share = levels.clipped_share
    if share > 1e-5:
        message = f"{name}: clipped, {share:.3%} of samples lie flat at an extreme; lower the recording level"
        return Finding("clipping", "warning", message, share)
    return Finding("clipping", "ok", f"{name}: not clipped", share)


def check_dc(name: str, levels: Levels) -> Finding:
    """A constant offset, which a network spends effort on and which thumps when a plug-in starts."""
    offset = levels.mean / levels.rms
    if abs(offset) > 0.03 and abs(levels.mean) > 1e-4:
        message = f"{name}: DC offset {levels.mean:+.4f} ({abs(offset):.1%} of RMS); high-pass it at 10 Hz"
        return Finding("dc offset", "warning", message, levels.mean)
    return Finding("dc offset", "ok", f"{name}: DC offset {levels.mean:+.5f}", levels.mean)


def check_rates(input_rate: int, target_rate: int, wanted: int | None) -> Finding:
    """Both files at one rate, or both brought to the rate asked for."""
    if wanted is None and input_rate != target_rate:
        message = (
            f"input has {input_rate} Hz, target {target_rate} Hz; export both at one rate, or set sample_rate"
        )
        return Finding("sample rate", "error", message)
    changed = sorted({rate for rate in (input_rate, target_rate) if wanted is not None and rate != wanted})
    if changed:
        message = f"resampled from {' and '.join(map(str, changed))} Hz to {wanted} Hz"
        return Finding("sample rate", "notice", message, wanted)
    return Finding("sample rate", "ok", f"both {input_rate} Hz", input_rate)


def check_lengths(input_samples: int, target_samples: int, sample_rate: int) -> Finding:
    """A tail of up to a second is trimmed; more means that the two files are not one take."""
    seconds = (target_samples - input_samples) / sample_rate
    longer = "target" if seconds > 0 else "input"
    if abs(seconds) > MAX_LENGTH_DIFFERENCE_SECONDS:
        message = (
            f"{longer} is {abs(seconds):.2f} s longer ({input_samples} and {target_samples} samples); "
            f"cut both to the same take (up to {MAX_LENGTH_DIFFERENCE_SECONDS:g} s is trimmed)"
        )
        return Finding("length", "error", message, seconds)
    if seconds:
        samples = abs(target_samples - input_samples)
        told = f"{samples} sample{'s' * (samples > 1)}" if abs(seconds) < 0.01 else f"{abs(seconds):.3f} s"
        return Finding("length", "notice", f"{longer} is {told} longer: trimmed at the end", seconds)
    return Finding("length", "ok", f"both {input_samples} samples, {input_samples / sample_rate:.1f} s", 0.0)


def check_relation(gain_esr: float, linear_esr: float, nonlinear_esr: float) -> Finding:
    """Is the target made from the input, and is there anything in it that needs a network?

    The three are what the best gain, the best linear filter and the best nonlinear fit leave, as ESR.
    """
    figures = (
        f"ESR left by a gain {gain_esr:.2g}, a filter {linear_esr:.2g}, a nonlinear fit {nonlinear_esr:.2g}"
    )
    if gain_esr < 1e-4:
        message = (
            f"target is the input but for its level ({figures}); give the recording of the amp as target"
        )
        return Finding("relation", "error", message, gain_esr)
    if min(linear_esr, nonlinear_esr) > 0.95:
        message = f"target has nothing to do with input ({figures}); check that both files are the same take"
        return Finding("relation", "error", message, nonlinear_esr)
    if linear_esr < 1e-3:
        message = f"a linear filter explains the target ({figures}); an impulse response would do"
        return Finding("relation", "warning", message, linear_esr)
    if min(linear_esr, nonlinear_esr) > 0.8:
        message = f"target follows input only loosely ({figures}); look for noise, effects or another take"
        return Finding("relation", "warning", message, nonlinear_esr)
    return Finding("relation", "ok", figures, nonlinear_esr)


def _blocks(samples: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(samples), BLOCK):
        yield samples[start : start + BLOCK]


def _clipped_share(samples: np.ndarray, highest: float, lowest: float) -> float:
    """Share of samples in runs of FLAT_RUN or more at either extreme; low extremes do not count."""
    count = 0
    for block in _blocks(samples):
        for limit in (highest, lowest):
            if abs(limit) >= CLIPPING_FLOOR:
                count += _flat_samples(block / np.float32(limit) >= 1 - 1e-5)
    return count / max(len(samples), 1)


def _flat_samples(flat: np.ndarray) -> int:
    """Number of the marked samples that lie in runs of FLAT_RUN or more."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flat, [False])).astype(np.int8)))
    runs = edges[1::2] - edges[::2]
    return int(runs[runs >= FLAT_RUN].sum())
