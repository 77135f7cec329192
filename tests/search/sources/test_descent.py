"""Generations: how large, where they come from, and how they differ from their parents."""

from itertools import islice
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxnas.search.sources.descent import MOST_CHANGES, VARIATIONS, founders, offspring
from voxnas.search.sources.evolution import generation_sizes
from voxnas.search.spaces.mutation import Recorder
from voxnas.utils.errors import InputError

NAMES = [f"gene{number}" for number in range(8)]


class Genome(dict):
    """Stands in for a proposal."""

    @property
    def choices(self):
        return self

    limit: int | None = None  # of the last gene, which is the cost where there is a limit

    def preview(self):
        cost = self[NAMES[-1]] if self.limit else None
        return SimpleNamespace(cost=cost, rejected="too dear" if self.limit and cost > self.limit else None)


class Genes:
    """Stands in for a proposer: its candidates are their own choices."""

    starts = ({"gene0": 77}, {"gene1": 88, "gene2": 99, "gene3": 66})

    def draw(self, choose):
        recorder = Recorder(choose)
        for name in NAMES:
            recorder.integer(name, 1, 100)
        return Genome(recorder.choices)


class Anything(Genes):
    starts = ()


@given(st.integers(1, 60), st.integers(1, 80))
def test_generations_share_the_candidates_evenly(candidates, generations):
    sizes = generation_sizes(candidates, generations)
    assert sum(sizes) == candidates
    assert len(sizes) == min(generations, candidates)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] - sizes[-1] <= 1


@pytest.mark.parametrize("generations", [0, -1, 2.5, True, "many"])
def test_what_is_no_number_of_generations_is_refused(generations):
    with pytest.raises(InputError, match=r"search\.generations=.*: give a whole number from 1"):
        generation_sizes(8, generations)


def test_founders_are_by_turns_from_each_start_and_from_chance():
    found = list(islice(founders(Genes(), 0), 9))
    assert found[0]["gene0"] == 77
    assert kept_of_second_start(found[1]) == 3
    assert all(c["gene0"] != 77 and kept_of_second_start(c) == 0 for c in found[2::3])
    assert found == list(islice(founders(Genes(), 0), 9)) != list(islice(founders(Genes(), 1), 9))


def test_when_a_start_comes_again_two_of_its_choices_are_others():
    found = list(islice(founders(Genes(), 0), 60))
    assert [kept_of_second_start(c) for c in found[4::3]] == [3 - VARIATIONS] * 19
    assert 77 not in {c["gene0"] for c in found[3::3]}
    assert len({c["gene0"] for c in found[3::3]}) > 9


def kept_of_second_start(candidate):
    return sum(candidate[name] == value for name, value in Genes.starts[1].items())


def test_without_starts_all_founders_are_from_chance():
    found = list(islice(founders(Anything(), 0), 40))
    assert len({tuple(c.values()) for c in found}) == 40


def test_within_a_budget_founders_are_costly(monkeypatch):
    monkeypatch.setattr(Genome, "limit", 60)
    costs = [genome[NAMES[-1]] for genome in islice(founders(Genes(), 0), 60)]
    assert max(costs) <= 60
    assert np.mean(costs) >= 55  # by chance about 30; the costliest of ten drafts 54


def test_within_a_budget_children_do_not_get_cheaper_and_cheaper(monkeypatch):
    monkeypatch.setattr(Genome, "limit", 60)
    parent = dict.fromkeys(NAMES, 60)
    children = islice(offspring(Genes(), [parent], 0, 1), 200)
    costs = np.array([child[NAMES[-1]] for child in children if child["gene0"] == 60])
    assert (costs <= 60).all()
    assert (costs == 60).mean() > 0.95  # one draft for each: 0.87


@given(st.integers(0, 99), st.integers(1, 9))
def test_children_descend_from_each_parent_in_turn(seed, generation):
    parents = [dict.fromkeys(NAMES, 20), dict.fromkeys(NAMES, 70)]
    children = list(islice(offspring(Genes(), parents, seed, generation), 6))
    for number, child in enumerate(children):
        changed = [name for name in NAMES if child[name] != parents[number % 2][name]]
        assert 1 <= len(changed) <= MOST_CHANGES
    assert children == list(islice(offspring(Genes(), parents, seed, generation), 6))
    assert children != list(islice(offspring(Genes(), parents, seed, generation + 1), 6))
