"""Which of several rounds count."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxnas.engine.rounds import lowest, spread

medians = st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=12)


def test_spread_by_hand():
    assert spread([2.0, 1.0, 3.0]) == 1.0
    assert spread([5.0]) == 0.0


@given(medians, st.integers(1, 12))
def test_a_further_round_makes_the_figure_no_worse(values, rounds):
    before, after = lowest(values, rounds), lowest([*values, max(values)], rounds)
    assert len(before) == min(rounds, len(values))
    if len(values) >= rounds:
        assert np.median(after) <= np.median(before)
    assert max(before) == sorted(values)[len(before) - 1]


@given(medians, st.floats(0.01, 100))
def test_spread_does_not_depend_on_the_unit(values, factor):
    assert spread([factor * value for value in values]) == pytest.approx(spread(values), rel=1e-9)
    assert spread(values) >= 0
