"""Score of notes played with a string that was found, as a WAV."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from voxnas.audio.files import write_audio
from voxnas.kernels.string_voice import Voice
from voxnas.problems.string.played import KINDS, made_exciter
from voxnas.problems.string.played_note import LOWEST_HZ, Played
from voxnas.problems.string.score import read_score
from voxnas.problems.string.stored import StoredString, load_string
from voxnas.utils.errors import InputError

TAIL_S = 3.0  # for the last note to ring out
LOUD = 0.5  # of the peak that an exciter not of the recording has

Floats = NDArray[np.float32]


def play_notes(
    model: str,
    notes: str,
    output: str,
    exciter: str = "recording",
    strings: int = 6,
    damping: float = 0.12,
    subtype: str | None = None,
) -> None:
    """Play a score and write it.

    Args:
        model: a string's run folder or `model.json`.
        notes: the score, a text or a MIDI file, see `read_score`.
        exciter: of `KINDS`.
        strings: that sound at once; a note more takes the one that was struck longest ago.
        damping: seconds in which a note falls by 60 dB once it has ended.
    """
    if exciter not in KINDS:
        raise InputError(f"exciter={exciter}: one of {', '.join(KINDS)}")
    stored, score = load_string(model), read_score(notes)
    sound = perform(stored, score, exciter, strings, damping)
    rate = int(stored.network.sample_rate or 48_000)
    write_audio(output, sound, rate, subtype or "FLOAT")
    peak = float(np.abs(sound).max())
    print(f"wrote {output}: {len(score)} notes, {len(sound) / rate:.1f} s, peak {peak:.3f}")


def perform(stored: StoredString, score: list[Played], exciter: str, strings: int, damping: float) -> Floats:
    """The score's sound."""
    form, rng = stored.network.voice_form(), np.random.default_rng(0)
    rate = form.sample_rate
    voices = [Voice(form, LOWEST_HZ) for _ in range(strings)]
    ends = [0.0] * strings
    free = [0.0] * strings  # since when each was struck
    sound = np.zeros(round((max(n.second + n.seconds for n in score) + TAIL_S) * rate), np.float32)
    events = _events(score, rate, len(sound))
    playing: dict[int, int] = {}
    for (at, number, begins), (until, _, _) in pairwise([*events, (len(sound), -1, False)]):
        note = score[number]
        if begins:
            place = min(range(strings), key=lambda i: (ends[i] > note.second, free[i]))
            voice, playing[number] = voices[place], place
            ends[place], free[place] = note.second + note.seconds, note.second
            voice.set_damping(None)
            voice.set_pitch(note.hz)
            voice.strike(_struck(stored, exciter, rate / note.hz, rng), note.velocity)
        elif free[playing[number]] == note.second:  # nobody has taken the string since
            voices[playing[number]].set_damping(damping)
        block = sound[at:until]
        for voice in voices:
            voice.process(block)
    return sound


def _events(score: list[Played], rate: float, size: int) -> list[tuple[int, int, bool]]:
    """Samples, the notes' numbers, and whether they begin, in the order of time: ends before beginnings."""
    begins = [(round(note.second * rate), number, True) for number, note in enumerate(score)]
    ends = [(round((note.second + note.seconds) * rate), number, False) for number, note in enumerate(score)]
    return sorted(
        [*begins, *((min(at, size), number, what) for at, number, what in ends)], key=lambda e: (e[0], e[2])
    )


def _struck(stored: StoredString, kind: str, period: float, rng: np.random.Generator) -> Floats:
    """An exciter for a pitch; the recording's own is stretched to it."""
    own = stored.exciter
    if kind != "recording":
        return made_exciter(kind, len(own), period, LOUD * float(np.abs(own).max()), rng)
    size = max(4, round(own.shape[1] * period / float(stored.network.period or period)))
    at = np.linspace(0, own.shape[1] - 1, size)
    return np.stack([np.interp(at, np.arange(own.shape[1]), line) for line in own]).astype(np.float32)
