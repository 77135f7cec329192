"""Score of the demo guitar: short phrases of every kind, soft to hard, all over the recording."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

OPEN_STRINGS_HZ = tuple(440.0 * 2 ** ((midi - 69) / 12) for midi in (40, 45, 50, 55, 59, 64))
"""Standard tuning, from the low E2 (82.4 Hz) to the high E4 (329.6 Hz)."""

# Frets of the six strings, low to high; None is a string that the chord leaves out.
CHORDS = (
    (0, 2, 2, 1, 0, 0),  # E
    (0, 2, 2, 0, 0, 0),  # Em
    (None, 0, 2, 2, 2, 0),  # A
    (None, 0, 2, 2, 1, 0),  # Am
    (None, None, 0, 2, 3, 2),  # D
    (3, 2, 0, 0, 0, 3),  # G
    (None, 3, 2, 0, 1, 0),  # C
)
PENTATONIC = (0, 3, 5, 7, 10, 12, 15)
STRUM_DELAY_S = 0.012


@dataclass(frozen=True)
class Note:
    """Pluck of a string: `string` 0 (low E) to 5, `velocity` from 0 (silent) to 1 (as hard as it goes)."""

    start_s: float
    length_s: float
    string: int
    fret: int
    velocity: float
    muted: bool = False

    @property
    def frequency_hz(self) -> float:
        return OPEN_STRINGS_HZ[self.string] * 2 ** (self.fret / 12)


Phrase = Callable[[float, float, float, np.random.Generator], list[Note]]


def _riff(start_s: float, length_s: float, velocity: float, rng: np.random.Generator) -> list[Note]:
    step = length_s / 4
    return [
        Note(
            start_s + i * step,
            step * rng.choice((0.6, 0.95)),
            int(rng.integers(3)),
            int(rng.choice(PENTATONIC)),
            velocity,
        )
        for i in range(4)
    ]


def _palm_mutes(start_s: float, length_s: float, velocity: float, rng: np.random.Generator) -> list[Note]:
    step, root, low = length_s / 6, int(rng.integers(8)), int(rng.integers(2))
    notes = []
    for i in range(6):
        accent = 1.0 if i % 3 == 0 else 0.75
        for string, fret in ((low, root), (low + 1, root + 2)):
            notes.append(Note(start_s + i * step, step, string, fret, velocity * accent, muted=i % 3 != 2))
    return notes


def _strum(start_s: float, length_s: float, velocity: float, rng: np.random.Generator) -> list[Note]:
    step = length_s / 3
    notes = []
    for i in range(3):
        chord = CHORDS[rng.integers(len(CHORDS))]
        strings = [string for string in range(6) if chord[string] is not None]
        for order, string in enumerate(strings if i % 2 == 0 else strings[::-1]):
            begin = start_s + i * step + order * STRUM_DELAY_S
            notes.append(Note(begin, step, string, chord[string] or 0, velocity * 0.8))
    return notes


def _arpeggio(start_s: float, length_s: float, velocity: float, rng: np.random.Generator) -> list[Note]:
    chord = CHORDS[rng.integers(len(CHORDS))]
    strings = [string for string in range(6) if chord[string] is not None]
    step = length_s / len(strings)
    return [
        Note(start_s + i * step, length_s - i * step, string, chord[string] or 0, velocity)
        for i, string in enumerate(strings)
    ]


def _lead(start_s: float, length_s: float, velocity: float, rng: np.random.Generator) -> list[Note]:
    step = length_s / 5
    return [
        Note(start_s + i * step, step, int(rng.integers(3, 6)), int(rng.choice(PENTATONIC)), velocity)
        for i in range(5)
    ]


def _sustain(start_s: float, length_s: float, velocity: float, rng: np.random.Generator) -> list[Note]:
    low, root = int(rng.integers(2)), int(rng.integers(8))
    power_chord = ((low, root), (low + 1, root + 2), (low + 2, root + 2))
    return [Note(start_s, length_s, string, fret, velocity) for string, fret in power_chord]


def _rest(start_s: float, length_s: float, velocity: float, rng: np.random.Generator) -> list[Note]:
    return []


# One round lasts 6 s, so that each 15 % section of a 40 s recording holds about one of everything.
ROUND: tuple[tuple[Phrase, float], ...] = (
    (_riff, 0.9),
    (_palm_mutes, 0.9),
    (_strum, 0.9),
    (_arpeggio, 0.9),
    (_lead, 0.9),
    (_sustain, 1.0),
    (_rest, 0.5),
)


def compose(seconds: float, rng: np.random.Generator) -> list[Note]:
    """Write rounds of phrases, each round in its own order and with every dynamic from soft to hard."""
    notes: list[Note] = []
    start_s = 0.0
    while start_s < seconds:
        velocities = rng.permutation(np.linspace(0.15, 1.0, len(ROUND)))
        for index, velocity in zip(rng.permutation(len(ROUND)), velocities, strict=True):
            phrase, length_s = ROUND[index]
            notes += phrase(start_s, length_s, velocity, rng)
            start_s += length_s
    return _one_note_per_string([_humanised(note, rng) for note in notes if note.start_s < seconds])


def _humanised(note: Note, rng: np.random.Generator) -> Note:
    late_s, accent = rng.uniform(0, 0.008), rng.uniform(0.85, 1.0)
    return replace(note, start_s=note.start_s + late_s, velocity=note.velocity * accent)


def _one_note_per_string(notes: list[Note]) -> list[Note]:
    """End each note where the next one on the same string begins, as on a real fretboard."""
    stopped = []
    next_start_s = [float("inf")] * 6
    for note in sorted(notes, key=lambda note: note.start_s, reverse=True):
        stopped.append(replace(note, length_s=min(note.length_s, next_start_s[note.string] - note.start_s)))
        next_start_s[note.string] = note.start_s
    return stopped[::-1]
