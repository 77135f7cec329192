"""Progressions of dilations."""

import math
from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from voxnas.search.spaces.dilations import cycled, powers, spread


def test_progressions_by_hand():
    assert powers(3, 5) == [1, 3, 9, 27, 81]
    assert spread(2.3, 7) == [1, 3, 7, 17, 40, 97, 227]
    assert spread(1.5, 6) == [1, 2, 3, 5, 11, 17]
    assert cycled([1, 2, 4], 3, 7) == [1, 2, 4, 1, 2, 4, 1]
    assert cycled([1, 2, 4], 1, 3) == [1, 1, 1]
    assert cycled([1, 2, 4], 3, 5, offset=5) == [4, 1, 2, 4, 1]


@given(st.floats(1.0, 4.0), st.integers(1, 16))
def test_a_spread_grows_by_its_ratio_and_has_no_common_factor(ratio, layers):
    found = spread(ratio, layers)
    assert len(found) == layers
    assert found[0] == 1
    assert all(math.gcd(a, b) == 1 for a, b in combinations(found, 2))
    assert all(b > a and b >= ratio * a for a, b in pairwise(found))


@given(st.lists(st.integers(1, 99), min_size=1, max_size=9), st.data())
def test_a_cycle_repeats_itself(progression, data):
    cycle = data.draw(st.integers(1, len(progression)))
    found = cycled(progression, cycle, 20)
    assert found[:cycle] == progression[:cycle]
    assert found[cycle:] == found[:-cycle]
