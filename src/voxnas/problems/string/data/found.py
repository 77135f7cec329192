"""Notes of recordings, kept by the recordings' content: what was found once is not looked for again."""

import hashlib
from pathlib import Path

import numpy as np

from voxnas.problems.string.data.note import Note, read_note
from voxnas.utils.errors import InputError
from voxnas.utils.files import replacing

EDITION = 1  # of how notes are found


def found_note(path: Path, channel: int | None, folder: Path | None) -> Note:
    """As `read_note`, from `folder` where it holds that of a file of the same content."""
    if folder is None or not path.is_file():
        return read_note(path, channel)
    try:
        content = hashlib.sha256(path.read_bytes()).hexdigest()[:24]
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    kept = folder / f"{content}-{channel}-{EDITION}.npz"
    known = _load(kept, path)
    if known is not None:
        return known
    note = read_note(path, channel)
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(kept) as temporary, open(temporary, "wb") as file:
        np.savez(
            file,
            samples=note.samples,
            numbers=np.array([note.sample_rate, note.pitch_hz, note.onset_s, note.end_s]),
            noise=np.empty(0) if note.noise is None else note.noise,
            recording=np.empty(0) if note.recording is None else note.recording,
        )
    return note


def _load(kept: Path, path: Path) -> Note | None:
    """None where there is none, or it is not whole."""
    try:
        with np.load(kept) as found:
            rate, pitch, onset, end = (float(number) for number in found["numbers"])
            noise = found["noise"] if len(found["noise"]) else None
            whole = found["recording"]
            return Note(found["samples"], int(rate), pitch, noise, str(path), onset, end, whole)
    except (OSError, ValueError, KeyError, EOFError):
        return None
