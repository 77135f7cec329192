"""What comes out where the playing is louder than what was recorded."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from voxnas.problems.amp.data.peaks import Peaks
from voxnas.problems.amp.figures import SCORE
from voxnas.problems.amp.overshoot import Overshoot, judged

PLAYED = torch.linspace(-0.5, 0.5, 101)
LOUD = Peaks(0.5, 0.5)


def overshoot_db(network, x=PLAYED, peaks=None) -> float:
    found = Overshoot(peaks or Peaks(float(x.abs().max()), float(network(x).abs().max())))
    found.update(network, x)
    return found.compute_db()


@given(st.floats(0.01, 100))
def test_an_amp_that_answers_in_proportion_overshoots_by_nothing(gain):
    assert overshoot_db(lambda x: gain * x) == pytest.approx(0, abs=1e-3)


def test_an_amp_that_saturates_stays_below_its_loudest():
    assert overshoot_db(lambda x: torch.tanh(20 * x)) < 0.01


def test_a_network_that_is_right_on_what_was_recorded_may_burst_beside_it():
    def network(x):
        return x + 1e3 * torch.relu(x.abs() - 0.6)

    assert overshoot_db(network) > 50
    assert judged(0.001, overshoot_db(network)) == SCORE.diverged


def test_what_is_played_softly_is_not_played_so_loud_that_hiss_is_heard():
    def network(x):
        return torch.where(x.abs() > 0.1, 1e3, 1.0) * x

    assert overshoot_db(network, 0.02 * PLAYED) == pytest.approx(0, abs=1e-3)


def test_a_section_that_is_softer_than_the_rest_may_be_as_loud():
    assert overshoot_db(lambda x: 2 * x, 0.5 * PLAYED, Peaks(0.5, 0.5)) == pytest.approx(6.02, abs=0.01)


def test_silence_says_nothing_and_what_is_not_finite_is_a_burst():
    assert overshoot_db(lambda x: x, 0 * PLAYED) == pytest.approx(-120)
    assert overshoot_db(lambda x: 0 * x, peaks=LOUD) == pytest.approx(-120)
    for broken in (torch.nan, torch.inf):
        assert judged(0.01, overshoot_db(lambda x, by=broken: x * by, peaks=LOUD)) == SCORE.diverged
    assert judged(0.01, 6.0) == 0.01
