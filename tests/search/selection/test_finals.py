"""Finals: which finalist is the best on average, and how sure that is."""

import numpy as np
import pytest
from scipy.stats import ttest_ind

from voxnas.search.selection.finals import confidence, standings, still_in


def test_the_best_mean_comes_first_with_its_deviation():
    order = standings({"b": [0.3, 0.5], "a": [0.1, 0.2], "none": []})
    assert [(s.name, s.seeds) for s in order] == [("a", 2), ("b", 2)]
    assert order[0].mean == pytest.approx(0.15)
    assert order[0].deviation == pytest.approx(np.std([0.1, 0.2], ddof=1))


def test_the_confidence_is_that_of_a_one_sided_t_test_on_logarithms():
    losses = {"a": [0.010, 0.012, 0.011], "b": [0.013, 0.012, 0.015]}
    expected = ttest_ind(np.log(losses["b"]), np.log(losses["a"]), alternative="greater").pvalue
    assert confidence(losses, "a", "b") == pytest.approx(1 - expected)


def test_losses_that_may_be_negative_are_compared_as_they_are():
    losses = {"a": [-0.9, -0.8], "b": [-0.5, -0.6]}
    expected = ttest_ind(losses["b"], losses["a"], alternative="greater").pvalue
    assert confidence(losses, "a", "b") == pytest.approx(1 - expected)


def test_all_pool_their_variance_and_one_that_diverged_is_out():
    quiet = {"a": [0.1, 0.1001], "b": [0.11, 0.1101]}
    assert still_in(quiet, 0.9) == ["a"]
    assert still_in(quiet | {"c": [0.1, 9.0]}, 0.9) == ["a", "b", "c"]
    assert still_in(quiet | {"d": [0.1, float("inf")]}, 0.9) == ["a"]


def test_nothing_is_known_of_one_seed_each():
    assert still_in({"a": [0.1], "b": [9.0]}, 0.9) == ["a", "b"]
    assert confidence({"a": [0.1], "b": [9.0]}, "a", "b") == 0.5


def test_of_equals_none_is_out_and_of_unequals_without_scatter_all_but_the_best():
    assert still_in({"a": [0.1, 0.1], "b": [0.1, 0.1]}, 0.9) == ["a", "b"]
    assert still_in({"a": [0.1, 0.1], "b": [0.2, 0.2]}, 0.9) == ["a"]


def test_who_is_dropped_at_90_percent_is_the_better_in_no_more_than_a_tenth_of_cases():
    chance, wrong = np.random.default_rng(0), 0
    for _ in range(1000):
        a, b = (np.exp(chance.normal(mean, 0.2, 3)) for mean in (0.0, 0.05))
        wrong += still_in({"a": list(a), "b": list(b)}, 0.9) == ["b"]
    assert wrong < 100
