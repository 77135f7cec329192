"""WAV files whose sizes were never written, as a program that crashed while recording leaves them."""

import mmap
import struct
from pathlib import Path

import soundfile

from voxnas.audio.accepted import check_codec, check_container
from voxnas.utils.errors import InputError

UNKNOWN = (0, 0xFFFFFFFF)
MOST = 0xFFFFFFFF - 8
HEADER_BYTES = 1 << 16  # in which the data must begin


def open_sound(path: Path) -> tuple[soundfile.SoundFile, str | None]:
    """Open a sound file; with a notice where its sizes had to be told from the file's length.

    Raises InputError for what is not decoded here, soundfile.LibsndfileError as soundfile does.
    """
    check_container(path)
    file, notice = _open(path)
    try:
        check_codec(path, file)
    except InputError:
        file.close()
        raise
    return file, notice


def _open(path: Path) -> tuple[soundfile.SoundFile, str | None]:
    at = _unsized_data(path)
    if at is None:
        return soundfile.SoundFile(path), None
    with path.open("rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)  # the file itself stays as it is
    content[4:8] = struct.pack("<I", min(len(content) - 8, MOST))
    content[at + 4 : at + 8] = struct.pack("<I", min(len(content) - at - 8, MOST))
    sound = soundfile.SoundFile(content)
    seconds = sound.frames / sound.samplerate
    notice = f"{path.name}: never finished (a crash?); {seconds:.1f} s recovered from it, listen to its end"
    return sound, notice


def _unsized_data(path: Path) -> int | None:
    """Where the data chunk of a WAV file begins, if its size is not written and something follows."""
    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return None
    at = 12
    while head[at : at + 4] != b"data":
        if len(head) < at + 8:
            return None
        at += 8 + (struct.unpack_from("<I", head, at + 4)[0] + 1) // 2 * 2
    if len(head) < at + 8:
        return None
    whole, size = struct.unpack_from("<I", head, 4)[0], struct.unpack_from("<I", head, at + 4)[0]
    unwritten = size in UNKNOWN and (whole in UNKNOWN or whole <= at)
    return at if unwritten and path.stat().st_size > at + 8 else None
