"""Guests of a search: models that players know, candidates to the end."""

from types import SimpleNamespace

import pytest

from voxnas.search.sources.base import Candidate, Supply
from voxnas.search.sources.guests import WithGuests

FREE = {"is_free": lambda name: True}


class Two(Supply):
    """Proposes two candidates, and remembers what it heard."""

    def __init__(self, *names: str) -> None:
        super().__init__(2)
        self.names, self.heard = names or ("a", "b"), []

    def update(self) -> None:
        self.candidates = {name: Candidate(name, ()) for name in self.names}
        self.closed = True

    def ask(self, results, wanted, is_free):
        self.results = dict(results)
        self.update()
        return [c for c in self.candidates.values() if c.name not in results][:wanted]

    def tell(self, name, record):
        self.heard.append(name)


@pytest.fixture
def guests():
    return [Candidate("nano", ("model=nano",)), Candidate("lite", ("model=lite",))]


def test_guests_come_first_and_count_as_candidates(guests):
    supply = WithGuests(Two(), guests)
    assert (supply.total, list(supply.candidates)) == (4, ["nano", "lite"])
    assert supply.ask({}, None, **FREE) == guests
    assert supply.ask({}, 1, **FREE) == guests[:1]
    assert [c.name for c in supply.ask(dict.fromkeys(["nano", "lite"]), None, **FREE)] == ["a", "b"]
    assert (supply.total, supply.closed, list(supply.candidates)) == (4, True, ["nano", "lite", "a", "b"])


def test_one_that_another_process_trains_is_left_to_it(guests):
    asked = WithGuests(Two(), guests).ask({}, None, is_free=lambda name: name != "nano")
    assert [guest.name for guest in asked] == ["lite"]


def test_the_source_hears_of_its_own_candidates_alone(guests):
    source = Two()
    supply = WithGuests(source, guests)
    results = dict.fromkeys(["nano", "lite", "a"], SimpleNamespace())
    source.update()
    supply.ask(results, None, **FREE)
    assert list(source.results) == ["a"]
    for name in ("nano", "a"):
        supply.tell(name, None)
    assert source.heard == ["a"]


def test_a_guest_that_is_proposed_besides_is_one_candidate(guests):
    source = Two("nano", "a")
    supply = WithGuests(source, guests)
    supply.update()
    assert (supply.total, list(supply.candidates)) == (3, ["nano", "lite", "a"])
    supply.tell("nano", None)
    assert source.heard == ["nano"]
