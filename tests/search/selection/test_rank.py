"""Who climbs: ranks and crowding against their definitions, and how many."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from voxnas.records.pareto import fronts
from voxnas.search.selection.rank import (
    climbers,
    climbing_order,
    crowding_distances,
    make_rungs,
)
from voxnas.utils.errors import InputError

ROWS = st.tuples(st.integers(1, 14), st.integers(1, 3))
SOME = arrays(float, ROWS, elements=st.integers(0, 6).map(float))


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
    kept = climbers(values, make_rungs([1, 1], number)[0])
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
    assert climbers(values, make_rungs([1, 1], 3)[0]) == [2]
    assert climbers(values[:2], make_rungs([1, 1], 3)[0]) == []


@pytest.mark.parametrize(
    ("keep", "finished", "count"), [(0.5, 5, 2), (0.01, 5, 1), (1, 5, 1), (3, 5, 3), (9, 5, 5), (0.5, 0, 0)]
)
def test_a_share_or_a_number_climbs(keep, finished, count):
    assert make_rungs([1, 2], keep)[0].survivors(finished) == count


def test_rungs_have_names_and_their_own_share():
    rungs = make_rungs([2, 10, 50], [0.5, 3])
    assert [(r.name, r.epochs, r.keep) for r in rungs] == [
        ("rung1", 2, 0.5),
        ("rung2", 10, 3),
        ("rung3", 50, None),
    ]
    assert rungs[-1].survivors(7) == 7
    assert [r.keep for r in make_rungs([1, 2, 3], 0.25)] == [0.25, 0.25, None]


@pytest.mark.parametrize(
    ("epochs", "keep", "words"),
    [
        ([], 0.5, "give the epochs of each rung"),
        ([2, 0], 0.5, "whole numbers from 1"),
        ([2, 2.5], 0.5, "whole numbers from 1"),
        ([2, 3], [0.5, 0.5], "one for each of the 2 rungs but the last"),
        ([2, 3], 0, "give a share"),
        ([2, 3], -1, "give a share"),
        ([2, 3], "half", "give a share|one for each"),
        ([2, 3], 2.5, "a whole number"),
    ],
)
def test_what_is_no_ladder_is_refused(epochs, keep, words):
    with pytest.raises(InputError, match=words):
        make_rungs(epochs, keep)
