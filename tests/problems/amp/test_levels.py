"""The error by how softly the guitar is played, on windows whose energies are known."""

import math

import numpy as np
import pytest

from voxnas.problems.amp.levels import BELOW_DB, by_level, energies, noise_energy

SECOND = 20  # windows


def windows(*parts: tuple[float, float]) -> np.ndarray:
    """Seconds at so many dB below the loudest, one after the other."""
    return np.concatenate([np.full(round(s * SECOND), 10 ** (-db / 10)) for s, db in parts])


TAKE = ((2.0, 0.0), (2.0, 15.0), (1.0, 40.0), (0.25, 60.0))


def test_each_lot_has_its_own_ratio_its_seconds_and_its_share_of_the_energy():
    source = windows(*TAKE)
    target = 4 * source
    error = np.where(source > 0.5, 0.01, np.where(source > 1e-3, 0.02, 0.3)) * target
    full, soft, softer, softest = by_level(source, target, error, None)
    assert [full.esr, soft.esr, softer.esr] == pytest.approx([0.01, 0.02, 0.3])
    assert [level.below_db for level in (full, soft, softer, softest)] == list(BELOW_DB)
    assert [level.seconds for level in (full, soft, softer)] == pytest.approx([2, 2, 1])
    assert sum(level.energy for level in (full, soft, softer, softest)) == pytest.approx(1)
    assert softer.energy == pytest.approx(20 * 1e-4 / source.sum())


def test_a_ratio_is_one_of_sums_and_none_where_there_is_less_than_half_a_second():
    source = windows((1.0, 0.0), (1.0, 12.0), (1.0, 28.0), (0.45, 60.0))
    error = 0.1 * source
    error[: 2 * SECOND] = 0
    levels = by_level(source, source, error, None)
    quiet, loud = 20 * 10**-2.8, 20 * 10**-1.2
    assert levels[1].esr == pytest.approx(0.1 * quiet / (quiet + loud))
    assert levels[3].seconds == pytest.approx(0.45)
    assert [level.esr for level in levels[2:]] == [None, None]


def test_hiss_is_what_the_amp_answers_where_the_input_pauses_and_its_tails_do_not_count():
    source = windows(*TAKE, (3.0, 80.0), (0.25, 78.0))
    target = source + 1e-5
    target[-3 * SECOND : -2 * SECOND] += 1e-2  # a tail
    assert noise_energy(source, target) == pytest.approx(1e-5, rel=1e-2)


def test_an_input_that_hisses_itself_pauses_where_it_is_quietest_and_steady():
    source = windows(*TAKE[:3], (1.0, 55.0))
    assert noise_energy(source, 2 * source) == pytest.approx(2 * 10**-5.5)


@pytest.mark.parametrize(
    "parts",
    [
        TAKE[:2],  # nothing is soft
        (TAKE[0], *((0.05, 40.0 + step) for step in range(28))),  # a decay at 20 dB in a second
    ],
)
def test_a_take_that_never_pauses_does_not_tell_its_noise(parts):
    source = windows(*parts)
    assert noise_energy(source, source) is None
    assert all(level.noise is None for level in by_level(source, source, source, None))


def test_a_lot_that_is_little_but_noise_has_no_ratio():
    source = windows((1.0, 0.0), (1.0, 40.0), (1.0, 60.0))
    noise = 1e-5
    target = source + noise
    full, _, soft, softest = by_level(source, target, 1e-3 * source + noise, noise)
    assert full.esr == pytest.approx(1e-3, rel=0.02)
    assert soft.noise == pytest.approx(0.1, rel=0.1)
    assert soft.esr == pytest.approx(0.1, rel=0.1)
    assert softest.esr is None
    assert softest.noise == pytest.approx(1e-5 / 1.1e-5)


def test_silence_is_no_lot_and_no_division_by_zero():
    source = np.concatenate([windows(*TAKE), np.zeros(40)])
    assert by_level(source, source, 0.5 * source, 0.0)[0].esr == pytest.approx(0.5)
    assert noise_energy(source, source) == 0
    silent = by_level(np.zeros(40), np.zeros(40), np.zeros(40), None)
    assert [(level.esr, level.energy) for level in silent] == [(None, 0)] * 4


def test_windows_are_of_fifty_milliseconds_and_the_rest_is_left_out():
    samples = np.ones(1000, np.float32)
    assert energies(samples, 8000).tolist() == [400, 400]
    assert energies(samples[:399], 8000).tolist() == []
    assert math.isclose(energies(2 * samples, 8000)[0], 1600)
