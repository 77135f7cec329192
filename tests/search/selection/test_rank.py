"""Ranks and crowding against their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from voxnas.records.pareto import fronts
from voxnas.search.selection.rank import climbing_order, crowding_distances
from voxnas.search.selection.rungs import make_rungs

ROWS = st.tuples(st.integers(1, 14), st.integers(1, 3))
SOME = arrays(float, ROWS, elements=st.integers(0, 6).map(float))


def climbers(values, number: int) -> list[int]:
    order = climbing_order(values)
    return order[: make_rungs([1, 1], number)[0].survivors(len(order))]


def dominates(a, b) -> bool:
    return bool((a <= b).all() and (a < b).any())


@given(SOME)
def test_a_rank_is_one_more_than_that_of_the_last_front_that_dominates(values):
    ranks = fronts(values)
    for row, rank in zip(values, ranks, strict=True):
        above = [r for other, r in zip(values, ranks, strict=True) if dominates(other, row)]
        assert rank == (max(above) + 1 if above else 0)


def slow_distance(values, row) -> float:
    """Straight from the definition, for rows that differ in every objective."""
    total = 0.0
    for column in values.T:
        lower, higher = column[column < column[row]], column[column > column[row]]
        if not len(lower) or not len(higher):
            return np.inf
        total += (higher.min() - lower.max()) / np.ptp(column)
    return total


@given(st.integers(1, 12), st.integers(1, 3), st.integers(0, 1000))
def test_crowding_is_the_room_between_the_neighbours(count, objectives, seed):
    values = np.random.default_rng(seed).random((count, objectives))
    expected = [slow_distance(values, row) for row in range(count)]
    assert crowding_distances(values) == pytest.approx(expected)


def test_twins_have_no_room_but_one_of_them_stands_for_both():
    found = crowding_distances(np.array([[0, 4.0], [1, 2], [1, 2], [3, 0]]))
    assert sorted(found) == [0.0, pytest.approx(2.0), np.inf, np.inf]
    assert 0.0 in found[1:3]


@given(SOME, st.integers(1, 14))
def test_nobody_climbs_before_one_that_dominates_it(values, number):
    kept = climbers(values, number)
    assert len(kept) == len(set(kept)) == min(number, len(values))
    for row in kept:
        better = [i for i, other in enumerate(values) if dominates(other, values[row])]
        assert set(better) <= set(kept)


def test_the_ends_of_the_frontier_climb_and_of_the_rest_the_loneliest():
    frontier = np.array([[0.5, 0.5], [0.01, 10], [0.45, 0.6], [10, 0.01], [0.05, 3]])
    assert set(climbing_order(frontier)[:2]) == {1, 3}
    assert climbing_order(frontier)[-1] == 2
    assert climbing_order(frontier, [1, -1])[0] == 1  # now large is good in the second: it dominates all


def test_one_objective_is_a_plain_ranking():
    assert climbing_order(np.array([[0.3], [0.1], [np.nan], [0.2], [np.inf]])) == [1, 3, 0]


def test_the_unfinished_never_climb():
    values = np.array([[np.nan, 1], [1, np.inf], [2, 2.0]])
    assert climbers(values, 3) == [2]
    assert climbers(values[:2], 3) == []
