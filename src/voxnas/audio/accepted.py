"""What is decoded at all: the containers and codecs that recordings come in.

libsndfile knows many more, old and rare, whose decoders few have looked at; a file of somebody else's is not
what should find their faults. Containers are told by their first bytes, before libsndfile sees the file.
"""

from pathlib import Path

import soundfile

from voxnas.utils.errors import InputError

LOSSLESS = {"WAV", "WAVEX", "RF64", "W64", "AIFF", "FLAC"}
SAMPLES = {"PCM_U8", "PCM_S8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"}
LOSSY = {"OGG": {"VORBIS", "OPUS"}, "MP3": {"MPEG_LAYER_III"}, "MPEG": {"MPEG_LAYER_III"}}  # with a warning
WANTED = "give a WAV, FLAC or AIFF file"


def check_container(path: Path) -> None:
    """Raises InputError where the first bytes are none of an accepted container's."""
    with path.open("rb") as file:
        head = file.read(16)
    if not _is_accepted(head):
        raise InputError(
            f"{path}: cannot be read as audio (it does not begin as a sound file does); {WANTED}"
        )


def check_codec(path: Path, file: soundfile.SoundFile) -> None:
    """Raises InputError where the samples are not PCM or float, nor of an accepted lossy codec."""
    held = SAMPLES if file.format in LOSSLESS else LOSSY.get(file.format, set())
    if file.subtype not in held:
        said = f"{file.subtype} in {file.format}"
        raise InputError(f"{path}: cannot be read as audio ({said}); {WANTED} with PCM or float samples")


def _is_accepted(head: bytes) -> bool:
    kind, form = head[:4], head[8:12]
    if kind in (b"RIFF", b"RIFX", b"RF64"):
        return form == b"WAVE"
    if kind == b"FORM":
        return form in (b"AIFF", b"AIFC")
    mp3 = len(head) > 1 and head[0] == 0xFF and head[1] >= 0xE0
    return mp3 or kind in (b"riff", b"fLaC", b"OggS") or head[:3] == b"ID3"  # Wave64, FLAC, Ogg; MP3
