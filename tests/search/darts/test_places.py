"""Layers find the places that fit them best."""

import math
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxnas.search.darts.places import best_places
from voxnas.utils.errors import InputError

FITS = st.one_of(st.just(-math.inf), st.floats(-5, 5))


@st.composite
def tables(draw: st.DrawFn) -> list[list[float]]:
    places = draw(st.integers(1, 6))
    layers = draw(st.integers(1, places))
    return draw(st.lists(st.lists(FITS, min_size=places, max_size=places), min_size=layers, max_size=layers))


@given(tables())
def test_no_other_ascending_places_fit_better(fit):
    def total(places: tuple[int, ...]) -> float:
        return math.fsum(fit[layer][place] for layer, place in enumerate(places))

    best = max(map(total, combinations(range(len(fit[0])), len(fit))))
    if best == -math.inf:
        with pytest.raises(InputError, match="fit no places"):
            best_places(fit)
    else:
        found = best_places(fit)
        assert found == sorted(set(found))
        assert total(tuple(found)) == pytest.approx(best)
