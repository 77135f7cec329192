"""Reading and writing sound files as mono float32."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
import soundfile

from voxnas.audio.checks import Finding
from voxnas.audio.unfinished import open_sound
from voxnas.utils.errors import InputError
from voxnas.utils.files import write_bytes

BLOCK = 1 << 18  # frames read at a time: an hour of stereo never lies in memory twice
LOSSY = {"MP3", "OGG", "MPEG"}


@dataclass
class Clip:
    """Channel of a sound file: `samples` is float32, full scale ±1."""

    samples: np.ndarray
    sample_rate: int
    path: Path
    findings: list[Finding] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.sample_rate


def read_audio(path: str | Path, channel: int | None = None) -> Clip:
    """Read one channel of a WAV, FLAC or AIFF file of any bit depth.

    `channel` counts from 0; without it the only channel is taken, or the louder one, with a notice.
    Raises InputError if the file is missing, is not audio, is cut short, or has no such channel.
    """
    path = Path(path)
    with _open(path) as (file, recovered):
        findings = [_describe(path, file)]
        findings += [Finding("file", "notice", recovered)] if recovered else []
        if channel is None:
            channel, choice = _louder_channel(path, file)
            findings += choice
        if not 0 <= channel < file.channels:
            raise InputError(f"{path}: no channel {channel}; it has {file.channels}, counted from 0")
        return Clip(_read_channel(path, file, channel), file.samplerate, path, findings)


def file_sample_rate(path: str | Path) -> int:
    """The sample rate in Hz, from the header alone. Raises InputError as `read_audio` does."""
    with _open(Path(path)) as (file, _):
        return int(file.samplerate)


def write_audio(path: str | Path, samples: np.ndarray, sample_rate: int, subtype: str = "FLOAT") -> Path:
    """Write a mono file atomically; the format follows the suffix, `subtype` is libsndfile's (PCM_24, FLOAT).

    Raises InputError if the folder cannot be written or the format does not hold the subtype.
    """
    path = Path(path)
    try:
        content = BytesIO()  # libsndfile does not say that a disk is full
        kind = path.suffix.lstrip(".").upper()
        soundfile.write(
            content, samples, sample_rate, subtype=subtype, format={"AIF": "AIFF"}.get(kind, kind)
        )
        write_bytes(path, content.getbuffer())
    except (OSError, ValueError, TypeError, soundfile.LibsndfileError) as error:
        raise InputError(f"{path}: cannot be written as {subtype} ({_reason(error)})") from error
    return path


@contextmanager
def _open(path: Path) -> Iterator[tuple[soundfile.SoundFile, str | None]]:
    """Open a sound file, with a notice if it was recovered; what libsndfile raises becomes InputError."""
    if not path.is_file():
        raise InputError(f"{path}: no such file; check the path")
    try:
        file, recovered = open_sound(path)
        with file:
            yield file, recovered
    except (soundfile.LibsndfileError, RuntimeError) as error:
        reason = _reason(error)
        raise InputError(
            f"{path}: cannot be read as audio ({reason}); give a WAV, FLAC or AIFF file"
        ) from error


def _describe(path: Path, file: soundfile.SoundFile) -> Finding:
    if file.frames == 0:
        raise InputError(f"{path}: holds no audio; record it again")
    seconds = file.frames / file.samplerate
    text = (
        f"{path.name}: {file.format} {file.subtype}, {file.samplerate} Hz, "
        f"{file.channels} channel{'s' * (file.channels > 1)}, {seconds:.1f} s"
    )
    if file.format in LOSSY:
        return Finding("file", "warning", f"{text}; lossy compression is learned as part of the amp")
    return Finding("file", "ok", text, seconds)


def _louder_channel(path: Path, file: soundfile.SoundFile) -> tuple[int, list[Finding]]:
    if file.channels == 1:
        return 0, []
    energy = np.zeros(file.channels)
    for block in file.blocks(BLOCK, dtype="float32", always_2d=True):
        energy += np.square(np.nan_to_num(block)).sum(axis=0, dtype=np.float64)
    file.seek(0)
    channel = int(energy.argmax())
    levels = ", ".join(f"{10 * np.log10(max(e / file.frames, 1e-20)):.1f}" for e in energy)
    message = (
        f"{path.name}: {file.channels} channels with {levels} dBFS RMS; "
        f"channel {channel} (from 0) is used, the others are left out"
    )
    return channel, [Finding("channels", "notice", message, float(channel))]


def _read_channel(path: Path, file: soundfile.SoundFile, channel: int) -> np.ndarray:
    samples = np.empty(file.frames, dtype=np.float32)
    filled = 0
    for block in file.blocks(BLOCK, dtype="float32", always_2d=True):
        samples[filled : filled + len(block)] = block[:, channel]
        filled += len(block)
    if filled < len(samples):
        raise InputError(f"{path}: cut short, {filled} of {len(samples)} frames are there; copy it again")
    return samples


def _reason(error: Exception) -> str:
    text = getattr(error, "error_string", None) or str(error)
    return " ".join(str(text).split()).rstrip(".")
