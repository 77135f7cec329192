"""A re-amped take of the plug-in trainer's standard dry recording (version 3, 48 kHz, 190 s).

Sections, latency and the check that both validation passes agree follow the trainer of neural-amp-modeler
(S. Atkinson), so that figures compare.
"""

from pathlib import Path
from typing import Literal

import numpy as np
import torch

from voxnas.audio.align import estimate_delay, shift
from voxnas.audio.alignment import align
from voxnas.audio.checks import Finding, raise_errors
from voxnas.audio.files import Clip, read_audio
from voxnas.audio.pair import load_pair
from voxnas.problems.amp.data.amp_pair import Recording
from voxnas.problems.amp.data.sections import Sections
from voxnas.problems.amp.data.silence import require_sound
from voxnas.problems.amp.esr import esr
from voxnas.utils.errors import InputError

SAMPLE_RATE = 48_000
TOTAL_SECONDS = 190
CLICK_SECONDS = (10.5, 11.5)
QUIET_SECONDS = (10.25, 10.375)  # nothing plays: the background of the clicks
TRAIN_SECONDS, FIRST_PASS_SECONDS, SECOND_PASS_SECONDS = (10, 181), (0, 9), (181, 190)
LOOK_BACK, LOOK_AHEAD = 1_000, 10_000  # samples around a click in which the amp answers
SAFETY_SAMPLES = 1  # taken off the latency: the crossing may come a sample after the onset
MAX_REPLICATE_ESR = 0.01


def load_nam_reamp(
    input: str | Path,
    target: str | Path,
    delay: int | Literal["auto"] = "auto",
    channel: int | None = None,
    target_channel: int | None = None,
    strict: bool = True,
) -> Recording:
    """Load a re-amped take: train on 10–181 s, validate on 181–190 s, test on the first pass, 0–9 s.

    The latency, in samples, comes from the two clicks unless `delay` gives it. With `strict` a take whose two
    validation passes differ by an ESR above .01 is refused; without, that is a warning.
    Raises InputError if rate, length or clicks are not those of the layout.
    """
    dry, amped = read_audio(input, channel), read_audio(target, target_channel)
    _require_layout(dry, amped)
    if np.isfinite(amped.samples).all() and np.isfinite(dry.samples).all():  # else `load_pair` says so
        amped.samples = align(dry.samples, amped.samples, SAMPLE_RATE).target
    latency = _latency(dry.samples, amped.samples) if delay == "auto" else delay
    offset = max(0, -latency)  # an early target takes this off the start of the recording
    esr = replicate_esr(shift(dry.samples, amped.samples, latency)[1], offset)
    replicates = _check_replicates(amped.path, esr, strict)
    raise_errors([replicates])
    del dry, amped  # the pair is read again below: never two copies in memory
    pair = load_pair(input, target, channel=channel, target_channel=target_channel, delay=latency)
    sections = _sections(len(pair.input), offset, replicates)
    require_sound(pair, sections, settable=False)
    return Recording(
        pair,
        sections,
        {"latency_samples": latency, "replicate_esr": esr, "layout": "nam-v3"},
    )


def _latency(dry: np.ndarray, amped: np.ndarray) -> int:
    """The delay by the clicks; beyond where they are looked for, about what the whole recording shows."""
    try:
        return click_latency(dry, amped)
    except InputError as error:
        found = estimate_delay(dry, amped, SAMPLE_RATE)
        if not found.found or -LOOK_BACK < found.samples < LOOK_AHEAD:
            first, last = (1000 * samples / SAMPLE_RATE for samples in (-LOOK_BACK, LOOK_AHEAD))
            raise InputError(
                f"{error} (looked for from {first:.0f} to {last:.0f} ms around them); set data.delay= by hand"
            ) from None
    about = found.samples
    return about + click_latency(dry, _moved(amped, about))


def _moved(samples: np.ndarray, earlier: int) -> np.ndarray:
    """The recording, earlier by so many samples, at equal length."""
    if earlier < 0:
        return np.concatenate((np.zeros(-earlier, samples.dtype), samples[:earlier]))
    return np.concatenate((samples[earlier:], np.zeros(earlier, samples.dtype)))


def click_latency(input: np.ndarray, target: np.ndarray) -> int:
    """Delay with which the target answers the clicks, in samples at 48 kHz, less a sample for safety.

    The answers to both clicks are averaged in magnitude; the onset is where that first exceeds the background
    of the quiet stretch before them. Raises InputError if input has no clicks or target no answer.
    """
    background = slice(*(int(second * SAMPLE_RATE) for second in QUIET_SECONDS))
    clicks = [int(second * SAMPLE_RATE) for second in CLICK_SECONDS]
    quiet = float(np.abs(input[background]).max())
    for second, click in zip(CLICK_SECONDS, clicks, strict=True):
        if np.abs(input[click - 100 : click + 100]).max() <= 10 * quiet + 1e-3:
            raise InputError(
                f"input has no click at {second} s: not the standard recording, version 3; use data=amp_pair"
            )
    answer = np.mean([np.abs(target[click - LOOK_BACK : click + LOOK_AHEAD]) for click in clicks], axis=0)
    background_level = float(np.abs(target[background]).max())
    above = np.flatnonzero(answer > 1.001 * background_level + 3e-4)
    if not above.size:
        raise InputError(
            f"target does not answer the clicks at {CLICK_SECONDS[0]} and {CLICK_SECONDS[1]} s; check that "
            "it is the standard recording re-amped from its start, and loud enough"
        )
    if above[0] == 0:
        raise InputError(
            f"target sounds {1000 * LOOK_BACK / SAMPLE_RATE:.0f} ms before the clicks already: it is early "
            "or too noisy; cut it to the same start as the input, or set delay"
        )
    return int(above[0]) - LOOK_BACK - SAFETY_SAMPLES


def replicate_esr(target: np.ndarray, offset: int = 0) -> float:
    """ESR between the target's two validation passes, which play the same: noise, a moved knob, a gate.

    `target` is aligned; `offset` is how many samples that took off its start.
    """
    start = SECOND_PASS_SECONDS[0] * SAMPLE_RATE
    length = min(FIRST_PASS_SECONDS[1] * SAMPLE_RATE - offset, len(target) - start)
    first, second = torch.from_numpy(target[:length]), torch.from_numpy(target[start : start + length])
    return float(esr(second.double(), first.double())) if first.any() else 1.0


def _require_layout(dry: Clip, amped: Clip) -> None:
    for clip in (dry, amped):
        if clip.sample_rate != SAMPLE_RATE:
            raise InputError(
                f"{clip.path}: {clip.sample_rate} Hz; the standard recording has {SAMPLE_RATE} Hz"
            )
        if abs(clip.seconds - TOTAL_SECONDS) > 1:
            raise InputError(
                f"{clip.path}: {clip.seconds:.2f} s long; the standard recording, version 3, has "
                f"{TOTAL_SECONDS} s; use data=amp_pair for other recordings"
            )


def _check_replicates(path: Path, esr: float, strict: bool) -> Finding:
    text = f"{path.name}: the two validation passes differ by an ESR of {esr:.2g}"
    if not esr <= MAX_REPLICATE_ESR:
        text += f" (up to {MAX_REPLICATE_ESR:g} is fine): noise, a gate or a knob moved; record it again"
        return Finding("replicates", "error" if strict else "warning", text, esr)
    return Finding("replicates", "ok", text, esr)


def _sections(total: int, offset: int, replicates: Finding) -> Sections:
    """The layout's stretches in the aligned pair, which lacks `offset` samples at its start."""
    train, test, val = (
        (max(0, start * SAMPLE_RATE - offset), min(total, stop * SAMPLE_RATE - offset))
        for start, stop in (TRAIN_SECONDS, FIRST_PASS_SECONDS, SECOND_PASS_SECONDS)
    )
    return Sections(train, val, test, (replicates,))
