"""Score of notes in a Standard MIDI file, read by mido, which is an extra."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from voxnas.problems.string.played_note import HIGHEST_HZ, LOWEST_HZ, Played
from voxnas.utils.errors import InputError

DRUMS = 9  # the channel that General MIDI keeps for them
LEAST_S = 0.01
MAGIC = b"MThd"


def is_midi(path: Path) -> bool:
    """Whether a file is one, by its name or by what it begins with."""
    if path.suffix.lower() in (".mid", ".midi"):
        return True
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def read_midi(path: Path) -> list[Played]:
    """The notes of all channels but the drums', with the file's tempi; pedals and bends are left out.

    Raises InputError: mido is not installed, or it is no MIDI file, or a note is too low or too high.
    """
    try:
        import mido
    except ImportError as error:
        raise InputError(f"{path}: MIDI files need the package mido: pip install 'voxnas[midi]'") from error
    try:
        messages = list(mido.MidiFile(path))
    except Exception as error:  # mido raises many kinds
        why = str(error).strip() or "it ends too early"
        raise InputError(f"{path}: cannot be read as a MIDI file ({why}); export it again") from error
    return notes_of(messages, str(path))


def notes_of(messages: Iterable[Any], name: str) -> list[Played]:
    """Notes of messages whose `time` is in seconds since the one before; what never ends does so at last."""
    second, found = 0.0, []
    sounding: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for message in messages:
        second += message.time
        if message.type not in ("note_on", "note_off") or message.channel == DRUMS:
            continue
        begun = sounding.setdefault((message.channel, message.note), [])
        if message.type == "note_on" and message.velocity > 0:
            begun.append((second, message.velocity / 127))
        elif begun:
            found.append(_note(message.note, *begun.pop(0), second, name))
    left = [(note, *start) for (_, note), starts in sounding.items() for start in starts]
    found += [_note(note, begin, velocity, second, name) for note, begin, velocity in left]
    return found


def _note(number: int, begin: float, velocity: float, end: float, name: str) -> Played:
    hz = 440 * 2 ** ((number - 69) / 12)
    if not LOWEST_HZ <= hz <= HIGHEST_HZ:
        raise InputError(
            f"{name}: note {number} at {begin:.2f} s is not between {LOWEST_HZ:g} and {HIGHEST_HZ:g} Hz"
        )
    return Played(begin, hz, velocity, max(LEAST_S, end - begin))
