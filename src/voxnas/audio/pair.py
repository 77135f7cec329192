"""A pair of recordings, dry and through the amp, checked and aligned."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from voxnas.audio.align import Delay, estimate_delay, shift
from voxnas.audio.checks import (
    Finding,
    check_lengths,
    check_rates,
    check_recording,
    check_relation,
    propose_sections,
    raise_errors,
)
from voxnas.audio.files import Clip, read_audio
from voxnas.audio.resample import resample
from voxnas.audio.residual import linear_residual, nonlinear_residual
from voxnas.audio.steps import Step, find_steps, longest_stretch
from voxnas.utils.errors import InputError

MAX_DELAY_SECONDS = 1.0
DELAY_SLACK = 8  # samples by which a delay set by hand may differ from the measured one without a word
MIN_USED_SECONDS = 10.0  # less is not worth proposing
HASH_BLOCK = 1 << 20

Stretch = tuple[float, float]  # in seconds


@dataclass(frozen=True, eq=False)
class Pair:
    """Dry `input` and amped `target`: float32, of equal length, aligned.

    `delay_samples` were taken off the target; `fingerprint` is a SHA-256 over both files and the settings.
    """

    input: np.ndarray
    target: np.ndarray
    sample_rate: int
    delay_samples: int
    findings: tuple[Finding, ...]
    fingerprint: str
    input_path: str
    target_path: str


@dataclass(frozen=True, eq=False)
class Examination:
    """Findings on a pair, usable or not; `delay` is None where errors made it pointless to look."""

    pair: Pair
    delay: Delay | None

    @property
    def usable(self) -> bool:
        return all(finding.level != "error" for finding in self.pair.findings)


def load_pair(
    input: str | Path,
    target: str | Path,
    *,
    channel: int | None = None,
    target_channel: int | None = None,
    sample_rate: int | None = None,
    delay: int | Literal["auto"] = "auto",
    used: Stretch | None = None,
) -> Pair:
    """Read, check, resample and align a pair of files.

    `channel` and `target_channel` count from 0 (default: the only one, or the louder). `sample_rate`, in Hz,
    resamples both. `delay` is how late the target is, in samples at the final rate, or "auto" to measure it.
    `used` is all that will be used, in seconds: the delay may step outside of it, and is then taken in it.
    Raises InputError with every error found, in one line.
    """
    examination = examine_pair(
        input,
        target,
        channel=channel,
        target_channel=target_channel,
        sample_rate=sample_rate,
        delay=delay,
        used=used,
    )
    raise_errors(examination.pair.findings, f"{input} → {target}")
    return examination.pair


def examine_pair(
    input: str | Path,
    target: str | Path,
    *,
    channel: int | None = None,
    target_channel: int | None = None,
    sample_rate: int | None = None,
    delay: int | Literal["auto"] = "auto",
    used: Stretch | None = None,
) -> Examination:
    """Inspection like `load_pair`, but errors are findings too, so that they can be shown side by side.

    Raises InputError only where there is nothing to look at: a file cannot be read, or a setting is wrong.
    """
    if delay != "auto" and (isinstance(delay, bool) or not isinstance(delay, int)):
        raise InputError(f'delay is {delay!r}; give a number of samples, 0, or "auto"')
    if sample_rate is not None and sample_rate <= 0:
        raise InputError(f"sample_rate is {sample_rate}; give a positive rate in Hz, or leave it out")
    clips = [_read(input, "input", channel), _read(target, "target", target_channel)]
    findings = [finding for clip in clips for finding in clip.findings]
    findings.append(check_rates(clips[0].sample_rate, clips[1].sample_rate, sample_rate))
    rate = sample_rate or clips[0].sample_rate
    if sample_rate is not None:
        for clip in clips:
            clip.samples = resample(clip.samples, clip.sample_rate, sample_rate)
    dry, amped = clips[0].samples, clips[1].samples
    if clips[0].sample_rate == clips[1].sample_rate or sample_rate is not None:
        findings.append(check_lengths(len(dry), len(amped), rate))
    found = None
    offset = 0 if delay == "auto" else delay
    if all(finding.level != "error" for finding in findings):
        found, steps = _measure_delay(dry, amped, rate, used)
        offset = _choose_delay(found, delay)
        findings += [check_steps(steps, min(len(dry), len(amped)) / rate)] if steps else []
        findings += [] if steps else _check_delay(found, offset, delay == "auto", rate)
        dry, amped = shift(dry, amped, offset)
        if len(dry) == 0:
            raise InputError(f"delay of {offset} samples leaves nothing of {target}; give a smaller one")
        findings.append(_relation(dry, amped))
    settings = f"{channel} {target_channel} {sample_rate} {delay}"
    pair = Pair(
        dry,
        amped,
        rate,
        offset,
        tuple(findings),
        _fingerprint(input, target, settings),
        str(input),
        str(target),
    )
    return Examination(pair, found)


def _read(path: str | Path, role: str, channel: int | None) -> Clip:
    """Read a file and check it as it was recorded, before anything is done to it."""
    clip = read_audio(path, channel)
    clip.findings += check_recording(f"{role} {clip.path.name}", clip.samples)
    return clip


def _measure_delay(
    dry: np.ndarray, amped: np.ndarray, rate: int, used: Stretch | None
) -> tuple[Delay, list[Step]]:
    """The delay, and its steps; of what is used alone where there are steps elsewhere."""
    found = estimate_delay(dry, amped, rate, MAX_DELAY_SECONDS)
    steps = [] if found.drifts else find_steps(dry, amped, rate, found.samples)
    if not steps or used is None:
        return found, steps
    within = [step for step in steps if step.first < used[1] and step.last > used[0]]
    if within:
        return found, within
    start, stop = (int(min(second, 1e6) * rate) for second in used)
    return estimate_delay(dry[start:stop], amped[start:stop], rate, MAX_DELAY_SECONDS), []


def check_steps(steps: Sequence[Step], total_seconds: float) -> Finding:
    """The delay changes at once: what lies on one side of it can be used."""
    jumps = ", ".join(map(str, steps))
    start, stop = longest_stretch(list(steps), total_seconds)
    message = f"the delay steps by {jumps}: a buffer was lost or repeated; record again"
    if stop - start >= MIN_USED_SECONDS:
        message += f", or use what lies on one side: {propose_sections(start, stop)}"
    return Finding("drift", "error", message, float(steps[0].samples))


def _choose_delay(found: Delay, delay: int | str) -> int:
    if isinstance(delay, int):
        return delay
    return found.samples if found.found and not found.drifts else 0


def _check_delay(found: Delay, offset: int, automatic: bool, sample_rate: int) -> list[Finding]:
    """Findings of the alignment: drift, no delay to be found, a correction, inverted polarity."""
    if not found.found:
        message = "no clear delay between input and target; taken as aligned, set delay to correct it by hand"
        return [
            Finding(
                "delay", "warning", message if automatic else f"delay of {offset} samples cannot be verified"
            )
        ]
    if found.drifts:
        message = (
            f"the delay drifts by {found.drift_samples:+.0f} samples over the recording "
            f"({found.drift_ppm:+.1f} ppm): two clocks that do not agree; record both on one interface"
        )
        return [Finding("drift", "error", message, found.drift_ppm)]
    findings = [
        Finding("drift", "ok", f"delay steady over {len(found.per_window)} windows", found.drift_ppm),
        _describe_delay(found, offset, automatic, sample_rate),
    ]
    text = "target is inverted against input" if found.inverted else "target and input have the same polarity"
    return [
        *findings,
        Finding("polarity", "notice" if found.inverted else "ok", text, -1.0 if found.inverted else 1.0),
    ]


def _describe_delay(found: Delay, offset: int, automatic: bool, sample_rate: int) -> Finding:
    measured = f"{found.samples} samples ({1000 * found.samples / sample_rate:.2f} ms)"
    if not automatic:
        if found.samples < offset - DELAY_SLACK:
            message = (
                f"delay is set to {offset} samples but measured as {measured}: target would precede input"
            )
            return Finding("delay", "warning", message + '; set delay="auto"', found.samples)
        return Finding(
            "delay", "ok", f"target is late by {measured}; delay is set to {offset}", found.samples
        )
    if offset == 0:
        return Finding("delay", "ok", "target and input are aligned", 0)
    who = (
        f"target is late by {measured}"
        if offset > 0
        else f"target is early by {measured[1:].replace('(-', '(')}"
    )
    return Finding("delay", "notice", f"{who}: corrected", found.samples)


def _relation(dry: np.ndarray, amped: np.ndarray) -> Finding:
    return check_relation(
        linear_residual(dry, amped, taps=1), linear_residual(dry, amped), nonlinear_residual(dry, amped)
    )


def _fingerprint(input: str | Path, target: str | Path, settings: str) -> str:
    digest = hashlib.sha256()
    for path in (input, target):
        with open(path, "rb") as file:
            while block := file.read(HASH_BLOCK):
                digest.update(block)
        digest.update(b"\0")
    digest.update(settings.encode())
    return digest.hexdigest()
