"""Score of notes: a MIDI file, or a text with `second pitch [velocity] [seconds]` on a line."""

import math
import re
from pathlib import Path

from voxnas.problems.string.midi import is_midi, read_midi
from voxnas.problems.string.played_note import HIGHEST_HZ, LOWEST_HZ, Played
from voxnas.utils.errors import InputError

STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
LONGEST_S = 3600.0
FORM = "give: second pitch [velocity] [seconds], as in 0.5 E2 0.8 1.5"


def read_score(path: str | Path) -> list[Played]:
    """The notes in the order of time. Raises InputError with the file or line that cannot be read."""
    path = Path(path)
    notes = read_midi(path) if is_midi(path) else _read_text(path)
    if not notes:
        raise InputError(f"{path}: holds no notes; {FORM}, or a MIDI file")
    end = max(note.second + note.seconds for note in notes)
    if end > LONGEST_S:
        raise InputError(f"{path}: lasts {end:.0f} s; at most {LONGEST_S:.0f} s are played")
    return sorted(notes, key=lambda note: note.second)


def _read_text(path: Path) -> list[Played]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as a score of notes; {FORM}") from error
    bare = (
        (number, line.partition("#")[0] if line.lstrip().startswith("#") else line)
        for number, line in enumerate(lines, 1)
    )
    return [_note(line.split(), f"{path}, line {number}") for number, line in bare if line.strip()]


def _note(words: list[str], where: str) -> Played:
    if not 2 <= len(words) <= 4:
        raise InputError(f"{where}: {len(words)} words; {FORM}")
    try:
        numbers = [float(word) for word in (words[0], *words[2:])]
    except ValueError as error:
        raise InputError(f"{where}: {' '.join(words)[:60]}: not all numbers; {FORM}") from error
    note = Played(numbers[0], pitch_hz(words[1], where), *numbers[1:])
    if (
        not all(map(math.isfinite, numbers))
        or note.second < 0
        or note.seconds <= 0
        or not 0 < note.velocity <= 1
    ):
        raise InputError(f"{where}: seconds are from 0, velocities above 0 and at most 1; {FORM}")
    return note


def pitch_hz(word: str, where: str) -> float:
    """Hz of a number, or of a name such as F#3 or Bb2, where A4 is 440 Hz."""
    named = re.fullmatch(r"([A-Ga-g])([#b]?)(-?\d)", word)
    if named:
        step = STEPS[named[1].upper()] + {"#": 1, "b": -1, "": 0}[named[2]]
        hz = 440 * 2 ** ((step - 9) / 12 + int(named[3]) - 4)
    else:
        try:
            hz = float(word)
        except ValueError as error:
            raise InputError(f"{where}: {word[:30]} is no pitch; give E2, F#3, Bb2 or 82.4") from error
    if not LOWEST_HZ <= hz <= HIGHEST_HZ:
        raise InputError(f"{where}: {word} is not between {LOWEST_HZ:g} and {HIGHEST_HZ:g} Hz")
    return hz
