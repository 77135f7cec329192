"""Dominance and hypervolume, against brute force."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxnas.records.pareto import (
    Objective,
    fronts,
    hypervolume,
    non_dominated,
    normalise,
    objective_values,
    reference_point,
)
from voxnas.utils.errors import InputError

CELLS = st.sampled_from([0.0, 1.0, 2.0, 3.0, -0.0, np.nan, np.inf, -np.inf])  # few values make many ties


@st.composite
def tables(draw, cells=CELLS, max_columns=5):
    columns = draw(st.integers(1, max_columns))
    rows = draw(st.lists(st.lists(cells, min_size=columns, max_size=columns), max_size=25))
    directions = draw(st.lists(st.sampled_from([1, -1]), min_size=columns, max_size=columns))
    return np.array(rows, dtype=float).reshape(-1, columns), directions


def brute_force(values, directions):
    rows = values * directions
    finite = np.isfinite(rows).all(axis=1)

    def dominated(i):
        return any(
            finite[j] and (rows[j] <= rows[i]).all() and (rows[j] < rows[i]).any() for j in range(len(rows))
        )

    return np.array([finite[i] and not dominated(i) for i in range(len(rows))], dtype=bool)


@given(tables())
def test_frontier_is_that_of_brute_force(table):
    values, directions = table
    assert non_dominated(values, directions).tolist() == brute_force(values, directions).tolist()


def test_frontier_on_many_random_rows_in_four_objectives():
    values = np.random.default_rng(0).normal(size=(400, 4)).round(1)
    assert non_dominated(values).tolist() == brute_force(values, [1, 1, 1, 1]).tolist()


def test_equal_rows_are_all_kept_and_rows_with_gaps_never():
    values = np.array([[1, 2], [1, 2], [2, 1], [1, 3], [np.nan, 0], [-np.inf, 0], [3, 3]])
    assert non_dominated(values).tolist() == [True, True, True, False, False, False, False]


def test_the_input_is_left_as_it_was():
    values = np.array([[1.0, np.nan], [2.0, 3.0]])
    kept = values.copy()
    non_dominated(values, [1, -1])
    normalise(values)
    np.testing.assert_array_equal(values, kept)


@given(tables(st.integers(0, 4).map(float), max_columns=3))
def test_hypervolume_counts_the_dominated_cells_of_a_grid(table):
    values, _ = table
    reference = [4.0] * values.shape[1]
    cells = itertools.product(range(4), repeat=values.shape[1])
    count = sum(any((row <= cell).all() for row in values) for cell in cells)
    assert hypervolume(values, reference) == pytest.approx(count)


def test_hypervolume_by_hand_with_a_maximised_objective_and_gaps():
    values = np.array([[1.0, 2.0], [2.0, 3.0], [np.nan, 9.0], [0.0, np.inf]])
    assert hypervolume(values, [3.0, 0.0], [1, -1]) == pytest.approx(2 * 2 + 1 * 1)


def test_reference_point_lies_beyond_the_worst_in_each_direction():
    values = np.array([[0.0, 5.0], [10.0, 25.0], [np.inf, 0.0]])
    assert reference_point(values, [1, -1]).tolist() == [11.0, 3.0]
    assert reference_point(np.array([[7.0, 7.0]])).tolist() == pytest.approx([7.1, 7.1])


def test_normalise_is_logarithmic_where_positive_and_blind_to_gaps():
    values = np.array([[0.001, -1.0], [0.01, 0.0], [0.1, 1.0], [np.nan, 5.0]])
    scaled = normalise(values, [1, -1])
    np.testing.assert_allclose(scaled[:3], [[0, 1], [0.5, 0.5], [1, 0]], atol=1e-12)
    assert np.isnan(scaled[3]).all()
    assert normalise(np.full((2, 1), 3.0)).tolist() == [[0.0], [0.0]]


def test_objectives_name_a_column_and_a_direction():
    assert Objective.parse("latency_ms").direction == 1
    assert Objective.parse("-channels") == Objective("channels", maximise=True)


def test_only_finished_candidates_have_objective_values():
    states = ["ok", "running", "interrupted", "failed", "rejected"]
    frame = pd.DataFrame({"status": states, "best_val_loss": [0.5] * 5})
    values = objective_values(frame, [Objective("best_val_loss")])
    assert non_dominated(values).tolist() == [True, False, False, False, False]


def test_unknown_objective_is_refused_with_the_columns_there_are():
    frame = pd.DataFrame({"status": ["ok", "ok"], "latency_ms": [1.0, 2.0], "engine": ["a", "b"]})
    with pytest.raises(InputError, match=r"no numeric column `engine`.*try latency_ms"):
        objective_values(frame, [Objective("engine")])


@given(tables(st.sampled_from([0.0, 1.0, 2.0, 3.0]), 3))
def test_fronts_are_what_is_left_when_the_fronts_before_are_taken_away(table) -> None:
    values, directions = table
    found, left, number = fronts(values, directions), np.arange(len(values)), 0
    while len(left):
        best = left[non_dominated(values[left], directions)]
        assert (found[best] == number).all()
        left, number = np.setdiff1d(left, best), number + 1


def test_what_is_not_known_stands_on_no_front() -> None:
    assert fronts(np.array([[1.0], [np.nan], [np.inf], [2.0]]), [-1]).tolist() == [1, -1, -1, 0]
