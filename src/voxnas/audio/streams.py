"""Streams of sound files of any length, read and written block by block as mono float32."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from voxnas.audio.unfinished import open_sound
from voxnas.utils.errors import InputError
from voxnas.utils.files import replacing

BLOCK = 2**16  # frames read at a time
MOST_BYTES = 2**32 - 2**16  # what the header of a WAV or AIFF file can say, less the header
INTEGER_SUBTYPES = ("PCM_16", "PCM_24", "PCM_32", "PCM_S8", "PCM_U8")
SAMPLE_BYTES = {"PCM_S8": 1, "PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "DOUBLE": 8}  # of others at most 4


@dataclass
class SoundSource:
    """Channel of an open sound file: `frames` samples at `sample_rate` Hz."""

    path: Path
    sample_rate: int
    frames: int
    channel: int
    file: soundfile.SoundFile
    notices: list[str] = field(default_factory=list)

    def blocks(self, size: int = BLOCK) -> Iterator[NDArray[np.float32]]:
        """The samples from here on, by `size`; InputError where they cannot be read or are not finite."""
        read = 0
        for frames in _raw_blocks(self.path, self.file, size):
            block = frames[:, self.channel]
            if not np.isfinite(block).all():  # it would stay in a model's state for ever
                second = read / self.sample_rate
                raise InputError(f"{self.path}: holds NaN or infinity near {second:.1f} s; export it again")
            read += len(block)
            yield block
        if read < self.frames:
            raise InputError(
                f"{self.path}: cut short, {read} of {self.frames} frames are there; copy it again"
            )


@dataclass(frozen=True)
class Written:
    """A file that `write_blocks` wrote: its samples, their peak (1: full scale), libsndfile's subtype."""

    path: Path
    samples: int
    peak: float
    subtype: str

    @property
    def notices(self) -> list[str]:
        """Notices about the file: that it clipped, if it did."""
        if self.peak <= 1 or self.subtype not in INTEGER_SUBTYPES:
            return []
        return [f"{self.path}: clipped, its peak of {self.peak:.2f} is over full scale; use subtype=FLOAT"]


@contextmanager
def open_source(path: str | Path, channel: int | None = None) -> Iterator[SoundSource]:
    """Open a WAV, FLAC or AIFF file of any bit depth.

    `channel` counts from 0; without it the only channel is taken, or the louder one, with a notice.
    Raises InputError if the file is missing, is not audio, is empty, or has no such channel.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file; check the path")
    try:
        file, recovered = open_sound(path)
    except soundfile.LibsndfileError as error:
        raise _unreadable(path, error) from error
    with file:
        chosen, notices = _choose_channel(path, file, channel)
        notices = [recovered, *notices] if recovered else notices
        yield SoundSource(path, file.samplerate, file.frames, chosen, file, notices)


def write_blocks(
    blocks: Iterable[NDArray[np.float32]],
    path: str | Path,
    sample_rate: int,
    subtype: str | None = None,
    frames: int = 0,
) -> Written:
    """Write a mono file: beside the path, and moved there when it is whole.

    Args:
        blocks: each `(samples,)`.
        sample_rate: in Hz.
        subtype: libsndfile's, such as PCM_24; None for 32-bit float where the format has it.
        frames: about how many there will be, for the choice of a header that can say so.

    Raises:
        InputError: no sound file's suffix; a format that cannot hold the subtype, or so much; a full disk.
    """
    path = Path(path)
    kind, subtype = check_format(path, subtype)
    if frames * SAMPLE_BYTES.get(subtype, 4) > MOST_BYTES:
        kind = _long_format(path, kind)
    peak, samples = 0.0, 0
    try:
        with (
            replacing(path) as temporary,
            soundfile.SoundFile(temporary, "w", sample_rate, 1, subtype, format=kind) as file,
        ):
            for block in blocks:
                peak = max(peak, float(np.abs(block).max(initial=0)))
                file.write(block)
                samples += len(block)
    except (OSError, soundfile.LibsndfileError) as error:
        raise InputError(f"{path}: cannot be written ({error})") from error
    return Written(path, samples, peak, subtype)


def check_format(path: Path, subtype: str | None = None) -> tuple[str, str]:
    """The format that the suffix names, and the subtype, chosen if None; InputError if they cannot be."""
    kind = path.suffix.lstrip(".").upper()
    kind = {"AIF": "AIFF"}.get(kind, kind)
    if kind not in soundfile.available_formats():
        suffix = path.suffix or "no suffix"
        raise InputError(f"{path}: {suffix} is not a sound file's; use .wav, .flac or .aiff")
    subtype = subtype or next(
        (held for held in ("FLOAT", "PCM_24") if soundfile.check_format(kind, held)), None
    )
    if subtype is None:
        raise InputError(f"{path}: {kind} files are lossy; use .wav, .flac or .aiff")
    if not soundfile.check_format(kind, subtype):
        raise InputError(f"{path}: a {kind} file cannot hold {subtype}; choose another, such as PCM_24")
    return kind, subtype


def _long_format(path: Path, kind: str) -> str:
    if kind == "AIFF":
        raise InputError(f"{path}: an AIFF file cannot be over 4 GB; give the output the suffix .wav")
    return "RF64" if kind == "WAV" else kind  # a WAV file whose sizes have 64 bits


def _choose_channel(path: Path, file: soundfile.SoundFile, channel: int | None) -> tuple[int, list[str]]:
    if file.frames == 0:
        raise InputError(f"{path}: holds no audio")
    if channel is not None and not 0 <= channel < file.channels:
        raise InputError(f"{path}: no channel {channel}; it has {file.channels}, counted from 0")
    if channel is not None or file.channels == 1:
        return channel or 0, []
    energy = sum(np.square(block, dtype=np.float64).sum(axis=0) for block in _raw_blocks(path, file))
    file.seek(0)
    louder = int(np.argmax(energy))
    return louder, [f"{path}: of {file.channels} channels the louder, {louder} (from 0), is played"]


def _raw_blocks(path: Path, file: soundfile.SoundFile, size: int = BLOCK) -> Iterator[NDArray[np.float32]]:
    try:
        yield from file.blocks(size, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: soundfile.LibsndfileError) -> InputError:
    reason = error.error_string.rstrip(".")
    return InputError(f"{path}: cannot be read as audio ({reason}); give a WAV, FLAC or AIFF file")
