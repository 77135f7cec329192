"""Notes are found to a fraction of a cent, and what cannot be learnt from is said in one line."""

import numpy as np
import pytest
import soundfile

from voxnas.problems.string.analysis import cents
from voxnas.problems.string.data.datamodule import StringDecay
from voxnas.problems.string.data.found import found_note
from voxnas.problems.string.data.note import find_note, read_note
from voxnas.problems.string.data.own import OwnString
from voxnas.utils.errors import InputError

RATE = 22_050


def own(**settings) -> OwnString:
    return OwnString(**({"plucks": 1, "sample_rate": RATE, "seconds": 3.0, "decay_s": 1.5} | settings))


def recording(pitch: float = 110.0, noise_dbfs: float = -80.0, **settings) -> np.ndarray:
    """Half a second of hiss, a note, and what is left of the hiss."""
    rng = np.random.default_rng(1)
    sound = own(pitches=(pitch,), **settings).notes()[0].recording
    silence = np.zeros(RATE // 2)
    whole = np.concatenate([silence, sound, silence])
    return whole + 10 ** (noise_dbfs / 20) * rng.standard_normal(len(whole))


@pytest.mark.parametrize("pitch", [41.2, 82.41, 110.0, 246.94, 659.3])
def test_pitch_is_found_to_a_fiftieth_of_a_cent(pitch):
    note = find_note(recording(pitch), RATE, "note")
    assert abs(float(cents(note.pitch_hz, pitch))) < 0.02


def test_onset_end_and_floor_are_found():
    note = find_note(recording(), RATE, "note")
    assert 0.5 < note.onset_s < 0.56
    assert 1.5 < note.end_s - note.onset_s < 2.0
    assert note.floor_db == pytest.approx(-80, abs=1)


def test_decay_of_every_partial_is_that_of_the_string():
    note = own(decay_s=1.5).notes()[0]
    told = note.partials
    assert list(told.numbers) == list(range(1, 11))
    assert told.t60[0] == pytest.approx(1.5, rel=0.01)
    assert (np.diff(told.t60) < 0).all()


def test_stiffness_is_told_from_pitch():
    time = np.arange(3 * RATE) / RATE
    partials = [k * 100 * np.sqrt(1 + 1e-4 * k**2) for k in range(1, 16)]
    sound = sum(np.exp(-2 * time) / k * np.sin(2 * np.pi * f * time) for k, f in enumerate(partials, 1))
    note = find_note(0.3 * np.concatenate([np.zeros(RATE // 2), sound]), RATE, "piano")
    assert note.pitch_hz == pytest.approx(100, rel=1e-4)
    assert note.partials.inharmonicity == pytest.approx(1e-4, rel=0.02)


BAD = {
    "clipped": lambda: np.clip(4 * recording(), -0.99, 0.99),
    "DC offset": lambda: recording() + 0.05,
    "silent": lambda: np.zeros(RATE),
    "another note begins at": lambda: np.concatenate([recording(decay_s=3.0)[: 2 * RATE], recording(146.8)]),
    "does not decay": lambda: 0.3 * np.sin(np.arange(3 * RATE) * 2 * np.pi * 110 / RATE),
    "no pitch": lambda: (
        np.exp(-np.arange(2 * RATE) / RATE * 4) * np.random.default_rng(0).standard_normal(2 * RATE) * 0.2
    ),
    "fewer than 20": lambda: np.concatenate([np.zeros(RATE // 4), recording(41.2)[RATE // 2 :][: RATE // 4]]),
    "no numbers": lambda: np.full(RATE, np.nan),
    "too short": lambda: 0.5 * np.ones(100) * np.linspace(-1, 1, 100),
}


@pytest.mark.parametrize("words", BAD)
def test_what_cannot_be_learnt_from_is_said_in_one_line(words, tmp_path):
    path = tmp_path / "take.wav"
    soundfile.write(path, BAD[words](), RATE, subtype="FLOAT")
    with pytest.raises(InputError, match=words) as error:
        read_note(path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


def test_what_was_found_is_found_again_by_content(tmp_path):
    first, moved, cache = tmp_path / "take.wav", tmp_path / "moved.wav", tmp_path / "cache"
    soundfile.write(first, recording(), RATE, subtype="FLOAT")
    note = found_note(first, None, cache)
    (kept,) = cache.iterdir()
    before = kept.stat().st_mtime_ns
    first.rename(moved)
    again = found_note(moved, None, cache)
    assert again.pitch_hz == note.pitch_hz
    assert np.array_equal(again.samples, note.samples)
    assert kept.stat().st_mtime_ns == before
    kept.write_bytes(b"damaged")
    assert found_note(moved, None, cache).pitch_hz == note.pitch_hz


def test_the_pick_up_s_level_may_rise_while_two_polarisations_fall():
    note = own(polarisations=2, detune_cents=12.0, decay_ratio=1.0, mix=1.0).notes()[0]
    first = note.partials.envelopes.db[3]
    assert np.diff(first).max() > 0
    assert first[0] > first[-1] + 20


def test_segments_are_even_over_level_and_come_negated():
    data = StringDecay(own(plucks=3), batch_size=64, steps=2)
    number, places, signs = next(iter(data.train_dataloader()))
    note = data.parts()[0][number]
    levels = np.interp(places, np.linspace(0, 1, len(note.levels)), note.levels)
    counts, _ = np.histogram(levels, 4, (note.levels[-1], note.levels[0]))
    assert counts.min() >= 10
    assert signs.sum() == 0
    plain = StringDecay(own(), symmetric=False, level_balanced=False)
    assert (next(iter(plain.train_dataloader()))[2] == 1).all()


def test_the_last_takes_are_kept_for_score_and_test():
    train, val, test = StringDecay(own(plucks=3)).parts()
    assert len({id(part[0]) for part in (train, val, test)}) == 3
    alone = StringDecay(own()).parts()
    assert alone[0] is alone[1] is alone[2]
