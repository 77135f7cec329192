"""A pair of recordings, dry and through the amp, checked and aligned."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from voxnas.audio.align import Delay, shift
from voxnas.audio.alignment import Alignment, Stretch, align
from voxnas.audio.checks import (
    Finding,
    check_lengths,
    check_rates,
    check_recording,
    check_relation,
    raise_errors,
)
from voxnas.audio.effects import find_effects
from voxnas.audio.files import Clip, read_audio
from voxnas.audio.resample import resample
from voxnas.audio.residual import fit_amp, linear_residual
from voxnas.utils.errors import InputError

HASH_BLOCK = 1 << 20
DRIFTS = ("auto", "refuse")


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
    drift: str = "auto",
) -> Pair:
    """Read, check, resample and align a pair of files.

    `channel` and `target_channel` count from 0 (default: the only one, or the louder). `sample_rate`, in Hz,
    resamples both. `delay` is how late the target is, in samples at the final rate, or "auto" to measure it.
    `used` is all that will be used, in seconds: the delay may step outside of it, and is then taken in it.
    A steady `drift` of two clocks is resampled away ("auto") or an error ("refuse").
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
        drift=drift,
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
    drift: str = "auto",
) -> Examination:
    """Inspection like `load_pair`, but errors are findings too, so that they can be shown side by side.

    Raises InputError only where there is nothing to look at: a file cannot be read, or a setting is wrong.
    """
    if delay != "auto" and (isinstance(delay, bool) or not isinstance(delay, int)):
        raise InputError(f'delay is {delay!r}; give a number of samples, 0, or "auto"')
    if drift not in DRIFTS:
        raise InputError(f"drift is {drift!r}; one of {', '.join(DRIFTS)}")
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
    aligned: Alignment | None = None
    by_hand = None if delay == "auto" else delay
    offset = by_hand or 0
    if all(finding.level != "error" for finding in findings):
        aligned = replace(align(dry, amped, rate, used), refuse_drift=drift == "refuse")
        offset = aligned.offset(by_hand)
        findings += aligned.findings(by_hand, rate, min(len(dry), len(amped)) / rate)
        dry, amped = shift(dry, aligned.target, offset)
        if len(dry) == 0:
            raise InputError(f"delay of {offset} samples leaves nothing of {target}; give a smaller one")
        findings += _relation(dry, amped, rate, aligned.delay)
    settings = f"{channel} {target_channel} {sample_rate} {delay}"
    settings += " one clock" if aligned and aligned.corrected else ""
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
    return Examination(pair, aligned.delay if aligned else None)


def _read(path: str | Path, role: str, channel: int | None) -> Clip:
    """Read a file and check it as it was recorded, before anything is done to it."""
    clip = read_audio(path, channel)
    clip.findings += check_recording(f"{role} {clip.path.name}", clip.samples)
    return clip


def _relation(dry: np.ndarray, amped: np.ndarray, rate: int, delay: Delay) -> list[Finding]:
    gain, model = linear_residual(dry, amped, taps=1), fit_amp(dry, amped)
    relation = check_relation(gain, linear_residual(dry, amped), model.esr)
    return (
        [relation] if relation.level == "error" else [relation, *find_effects(dry, amped, rate, delay, model)]
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
