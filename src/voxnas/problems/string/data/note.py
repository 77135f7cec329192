"""A note in a recording: where it begins, rings and ends, and why a recording has none to learn from."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voxnas.audio.files import read_audio
from voxnas.problems.string.analysis import Partials, decibels, find_partials
from voxnas.problems.string.data.pitch import find_pitch
from voxnas.utils.errors import InputError

Array = NDArray[np.float64]
FRAME_S = 0.01
LEAST_PERIODS = 20
QUIETEST_DB = -120.0
SECOND_NOTE_DB, WITHIN_S = 6.0, 0.06  # what is louder by so much than such a time ago is another note
MOST_DC = 0.02  # of the peak
LEAST_FALL_DB = 6.0


@dataclass(frozen=True)
class Note:
    """A decaying note.

    Attributes:
        samples: from just behind the pluck to where it is lost in the noise.
        pitch_hz: its own, to a fraction of a cent.
        noise: the recording without the note, if there is a stretch of it.
        name: of the file.
        onset_s, end_s: in the recording.
        recording: all of it.
    """

    samples: Array
    sample_rate: int
    pitch_hz: float
    noise: Array | None
    name: str
    onset_s: float = 0.0
    end_s: float = 0.0
    recording: Array | None = None

    @property
    def period(self) -> float:
        """In samples."""
        return self.sample_rate / self.pitch_hz

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.sample_rate

    @property
    def floor_db(self) -> float:
        """RMS of the noise in dBFS; -120 where none is heard."""
        if self.noise is None or not len(self.noise):
            return QUIETEST_DB
        return max(QUIETEST_DB, float(decibels(np.sqrt(np.mean(self.noise**2, keepdims=True)))[0]))

    @cached_property
    def levels(self) -> Array:
        """RMS of each period in dBFS."""
        size = max(1, round(self.period))
        whole = len(self.samples) // size * size
        return decibels(np.sqrt((self.samples[:whole].reshape(-1, size) ** 2).mean(1)))

    @cached_property
    def partials(self) -> Partials:
        return find_partials(self.samples, self.sample_rate, self.pitch_hz, self.noise)

    @property
    def drop(self) -> float:
        """Mean fall in dB per sample."""
        fall = float(self.levels[0] - self.levels[-1])
        return max(0.0, fall / max(1, len(self.samples)))


def read_note(path: str | Path, channel: int | None = None) -> Note:
    """The note in a recording.

    Raises InputError, in one line: clipped, DC, silent, two notes, no decay, no pitch, too short.
    """
    clip = read_audio(path, channel)
    return find_note(clip.samples.astype(np.float64), clip.sample_rate, str(path))


def find_note(samples: Array, sample_rate: int, name: str) -> Note:
    """The same for samples. `name` is what errors call them."""
    _check_samples(samples, name)
    frame = max(1, round(FRAME_S * sample_rate))
    count = len(samples) // frame
    if count < 4:
        raise InputError(f"{name}: {len(samples) / sample_rate:.3f} s are too short for a note that decays")
    centred = samples - samples.mean()
    level = decibels(np.sqrt((centred[: count * frame].reshape(count, frame) ** 2).mean(1)))
    peak = int(level.argmax())
    onset = _onset(level, peak)
    floor = _floor(level, onset)
    end = _end(level, peak, floor)
    _check_course(level, onset, peak, end, floor, frame / sample_rate, name)
    begin = int(np.abs(centred[onset * frame : (peak + 2) * frame]).argmax()) + onset * frame
    ringing, noise = centred[begin : end * frame], centred[end * frame :]
    noise = noise if len(noise) >= 0.1 * sample_rate else centred[: onset * frame]
    pitch = find_pitch(ringing, sample_rate, name)
    begin += round(2 * sample_rate / pitch)  # the pluck itself is not the string's
    ringing = centred[begin : end * frame]
    if len(ringing) < LEAST_PERIODS * sample_rate / pitch:
        raise InputError(
            f"{name}: the note rings for {len(ringing) * pitch / sample_rate:.0f} periods, fewer than"
            f" {LEAST_PERIODS}; let it ring out"
        )
    usable = noise if len(noise) >= 0.1 * sample_rate else None
    times = (begin / sample_rate, end * frame / sample_rate)
    return Note(ringing, sample_rate, pitch, usable, name, *times, recording=samples)


def _check_samples(samples: Array, name: str) -> None:
    if not np.isfinite(samples).all():
        raise InputError(f"{name}: holds values that are no numbers; export it again")
    peak = float(np.abs(samples).max(initial=0))
    if peak < 1e-4:
        raise InputError(f"{name}: is silent; record it louder")
    top = np.abs(samples) >= peak * (1 - 1e-5)
    if peak > 0.9 and bool((top[:-2] & top[1:-1] & top[2:]).any()):
        raise InputError(f"{name}: is clipped at {peak:.3f} of full scale; record it with less gain")
    if abs(float(samples.mean())) > MOST_DC * peak:
        share = 100 * float(samples.mean()) / peak
        raise InputError(f"{name}: has a DC offset of {share:.1f} % of its peak; high-pass it at 20 Hz")


def _onset(level: Array, peak: int) -> int:
    quiet = np.flatnonzero(level[:peak] < level[peak] - 20)
    return int(quiet[-1]) + 1 if len(quiet) else 0


def _floor(level: Array, onset: int) -> float:
    """The level that the recording has without the note; what it ends with, if that is quieter."""
    tail = level[-max(3, len(level) // 20) :]
    before = [float(np.median(level[:onset]))] if onset >= 5 else []
    return max(QUIETEST_DB, min([float(np.median(tail)), *before]))


def _end(level: Array, peak: int, floor: float) -> int:
    smooth = np.convolve(level, np.ones(5) / 5, "same")
    below = np.flatnonzero(smooth[peak:] < floor + 4)
    reached = level[-1] < floor + 8 and level[peak] > floor + 20
    return peak + int(below[0]) if len(below) and reached else len(level)


def _check_course(
    level: Array, onset: int, peak: int, end: int, floor: float, frame_s: float, name: str
) -> None:
    reach = max(1, round(WITHIN_S / frame_s))
    summed = np.concatenate([[0.0], np.cumsum(10 ** (level / 10))])
    for at in range(peak + 2 * reach, len(level) - reach):
        before, after = (10 * np.log10(summed[i + reach] - summed[i]) for i in (at - reach, at))
        loud = level[at : at + reach].max()
        if after - before > SECOND_NOTE_DB and loud > max(floor + 20, level[peak] - 40):
            raise InputError(f"{name}: another note begins at {at * frame_s:.2f} s; cut it to one note")
    earlier = np.flatnonzero(level[: max(0, onset - reach)] > max(floor + 20, level[peak] - 30))
    if len(earlier):
        raise InputError(
            f"{name}: another note begins at {onset * frame_s:.2f} s, one before it at"
            f" {earlier[0] * frame_s:.2f} s; cut it to one note"
        )
    early, late = level[peak : peak + 5].mean(), level[max(peak, end - 5) : end]
    if len(late) == 0 or early - late.mean() < LEAST_FALL_DB:
        raise InputError(f"{name}: does not decay; give a note that rings out")
