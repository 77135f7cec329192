from itertools import pairwise

import numpy as np
import pytest

from voxnas.audio.demo.guitar import NOISE_RMS, PEAK, play_guitar
from voxnas.audio.demo.karplus_strong import pluck
from voxnas.audio.demo.pickup import pickup
from voxnas.audio.demo.score import OPEN_STRINGS_HZ, ROUND, compose

SAMPLE_RATE = 48_000


def fundamental_hz(sound: np.ndarray, expected_hz: float) -> float:
    """The strongest partial within a semitone of what is expected, by a parabola on the windowed spectrum."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 8 * len(sound)))
    bins_hz = SAMPLE_RATE / (8 * len(sound))
    low, high = int(expected_hz * 0.944 / bins_hz), int(expected_hz * 1.06 / bins_hz)
    peak = low + int(np.argmax(spectrum[low:high]))
    below, at, above = np.log(spectrum[peak - 1 : peak + 2])
    return bins_hz * (peak + (below - above) / (2 * (below - 2 * at + above)))


def cents(heard_hz: float, expected_hz: float) -> float:
    return float(1200 * np.log2(heard_hz / expected_hz))


@pytest.mark.parametrize("frequency_hz", [*OPEN_STRINGS_HZ, 784.0])
def test_notes_are_in_tune(frequency_hz: float) -> None:
    sound = pluck(frequency_hz, 1.0, SAMPLE_RATE, np.random.default_rng(0))
    assert abs(cents(fundamental_hz(sound[2400:48_000], frequency_hz), frequency_hz)) < 2


def test_standard_tuning_starts_at_e2() -> None:
    np.testing.assert_allclose(OPEN_STRINGS_HZ, (82.41, 110, 146.83, 196, 246.94, 329.63), atol=0.01)


def band_share(sound: np.ndarray, above_hz: float) -> float:
    power = np.abs(np.fft.rfft(sound)) ** 2
    return float(power[int(above_hz * len(sound) / SAMPLE_RATE) :].sum() / power.sum())


def test_a_hard_pluck_is_louder_and_brighter_than_a_soft_one() -> None:
    soft, hard = (
        pluck(110, 0.5, SAMPLE_RATE, np.random.default_rng(0), velocity=velocity) for velocity in (0.2, 1.0)
    )
    assert np.std(hard) > 4 * np.std(soft)
    assert band_share(hard, 2000) > 2 * band_share(soft, 2000)


def test_a_palm_mute_dies_away_while_an_open_string_rings() -> None:
    muted, ringing = (
        pluck(110, 0.5, SAMPLE_RATE, np.random.default_rng(0), muted=muted) for muted in (True, False)
    )
    early, late = slice(2400, 4800), slice(19_200, 21_600)
    assert np.std(muted[late]) < 0.05 * np.std(muted[early])
    assert np.std(ringing[late]) > 0.3 * np.std(ringing[early])


def test_the_pick_leaves_out_the_partials_that_have_a_node_under_it() -> None:
    """Picked at 13 % of the string, the partials near 1 / 0.13 = 7.7 are weak."""
    sound = pluck(110, 1.0, SAMPLE_RATE, np.random.default_rng(3))[2400:26_400]
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    partial = [power[round(110 * n * len(sound) / SAMPLE_RATE)] for n in range(1, 12)]
    assert partial[7] < 0.3 * partial[5]


def test_the_pickup_resonates_at_four_kilohertz() -> None:
    response = np.abs(np.fft.rfft(pickup(np.eye(1, 48_000)[0], SAMPLE_RATE)))
    assert 3700 < np.argmax(response) < 4300
    assert 1.5 < response.max() < 4
    assert response[0] == pytest.approx(1, abs=0.05)
    assert response[12_000] < 0.15


def test_levels_are_those_of_a_well_set_recording() -> None:
    dry = play_guitar(24, SAMPLE_RATE, 0)
    assert np.max(np.abs(dry)) == pytest.approx(PEAK, abs=1e-3)
    assert -26 < 20 * np.log10(np.std(dry)) < -18
    assert abs(np.mean(dry)) < 1e-3


def test_there_is_silence_but_never_nothing() -> None:
    dry = play_guitar(12, SAMPLE_RATE, 0)
    windows_rms = dry.reshape(-1, 4800).std(axis=1)
    assert 0.5 * NOISE_RMS < windows_rms.min() < 1e-3
    assert windows_rms.max() > 0.1


def test_every_round_plays_every_string_softly_and_hard() -> None:
    round_s = sum(length_s for _, length_s in ROUND)
    notes = compose(3 * round_s, np.random.default_rng(1))
    for index in range(3):
        part = [note for note in notes if index * round_s <= note.start_s < (index + 1) * round_s]
        assert {note.string for note in part} == set(range(6))
        assert max(note.velocity for note in part) > 2 * min(note.velocity for note in part)
        assert {note.muted for note in part} == {False, True}


def test_a_string_sounds_one_note_at_a_time() -> None:
    notes = compose(30, np.random.default_rng(2))
    for string in range(6):
        line = [note for note in notes if note.string == string]
        for note, following in pairwise(line):
            assert 0 <= note.length_s <= following.start_s - note.start_s + 1e-12


@pytest.mark.parametrize("sample_rate", [44_100, 96_000])
def test_other_rates_play_the_same_notes(sample_rate: int) -> None:
    sound = pluck(110, 1.0, sample_rate, np.random.default_rng(0))
    scaled_hz = 110 * SAMPLE_RATE / sample_rate
    assert abs(cents(fundamental_hz(sound[sample_rate // 20 : sample_rate], scaled_hz), scaled_hz)) < 2
