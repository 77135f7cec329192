"""Drawing: nothing twice, nothing that is rejected, no more than wanted, and an end to it."""

from types import SimpleNamespace

import optuna
import pytest

from voxnas.records.pareto import Objective
from voxnas.search.sources.drawing import MOST_IN_VAIN, Drawer
from voxnas.search.sources.trials import TrialBook, places


class Grid:
    """Stands in for a proposer: candidates n0, n1, …, of which some are rejected."""

    def __init__(self, size: int, rejected: set[str] = frozenset(), known: bool = True) -> None:
        self.count, self.rejected, self.size = size, rejected, size if known else None

    def draw(self, choose):
        name = f"n{choose.integer('n', 0, self.count - 1)}"
        reason = "too dear" if name in self.rejected else None
        return SimpleNamespace(
            name=name, chosen=(f"model={name}",), preview=lambda: SimpleNamespace(rejected=reason)
        )


class Still(optuna.samplers.RandomSampler):
    """A sampler that has made up its mind."""

    def sample_independent(self, study, trial, param_name, param_distribution):
        return 0


@pytest.fixture
def book(tmp_path):
    def make(sampler=optuna.samplers.RandomSampler, worker="me") -> TrialBook:
        return TrialBook(
            f"sqlite:///{tmp_path}/o.db", ["s"], [Objective("cpu_rtf")], lambda s: sampler(seed=s), 0, worker
        )

    return make


def train(drawer: Drawer, verdict: str = "ok") -> list[str]:
    trained = []
    while (draft := drawer.draw()) is not None:
        drawer.book.close(draft.number, verdict, (1.0,) if verdict == "ok" else None)
        trained += draft.chosen
    return trained


def test_as_many_distinct_candidates_as_wanted_and_then_more_on_top(book):
    first = train(Drawer(book(), Grid(50), 4))
    more = train(Drawer(book(), Grid(50), 7))
    assert (len(first), len(more)) == (4, 3)
    assert len({*first, *more}) == 7
    assert train(Drawer(book(), Grid(50), 7)) == []


def test_a_repetition_is_told_as_it_came_out(book):
    one = book()
    train(Drawer(one, Grid(3), 3))
    repeated = [e for e in one.entries() if e.verdict == "repeated"]
    assert repeated
    assert all(e.values == (1.0,) for e in repeated)


def test_a_space_that_is_too_small_ends_with_a_line(book):
    said = []
    assert len(train(Drawer(book(), Grid(3, {"n1"}), 9, said.append))) == 2
    assert said == ["2 of 9 candidates to train, 1 rejected: all 3 candidates of the space are known"]


def test_a_sampler_that_stands_still_is_left_to_chance(book, monkeypatch):
    monkeypatch.setattr("voxnas.search.sources.drawing.TO_CHANCE", 2)
    assert len(train(Drawer(book(Still), Grid(4), 4))) == 4


def test_a_space_of_unknown_size_ends_too(book, monkeypatch):
    monkeypatch.setattr("voxnas.search.sources.drawing.MOST_IN_VAIN", 25)
    said = []
    assert train(Drawer(book(), Grid(2, {"n0", "n1"}, known=False), 3, said.append)) == []
    assert said[0].startswith("0 of 3 candidates to train, 2 rejected: 25 proposals in a row")
    assert MOST_IN_VAIN > 100


def test_the_failed_count_so_that_a_broken_recipe_ends(book):
    assert len(train(Drawer(book(), Grid(50), 4), "failed")) == 4
    assert train(Drawer(book(), Grid(50), 4)) == []


def test_two_that_draw_in_turn_share_the_places(book):
    one, other = Drawer(book(), Grid(50), 5), Drawer(book(worker="other"), Grid(50), 5)
    drafts = [drawer.draw() for _ in range(4) for drawer in (one, other)]
    assert sum(draft is not None for draft in drafts) == 5
    entries = one.book.entries()
    assert len(places(entries)) == len({e.candidate for e in entries if e.running}) == 5
