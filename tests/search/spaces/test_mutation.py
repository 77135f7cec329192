"""Candidates that descend from others: what stays, what changes, and how far."""

from hypothesis import given
from hypothesis import strategies as st

from voxnas.search.spaces.choosers import RandomChooser
from voxnas.search.spaces.mutation import MutatingChooser, Recorder
from voxnas.search.spaces.plugin import PluginSpace

KINDS = ("a", "b", "c")
SEEDS = st.integers(0, 10_000)
CHANGES = st.integers(0, 6)


def ask(chooser) -> dict:
    """What is chosen in a small space without conditions."""
    recorder = Recorder(chooser)
    recorder.choice("kind", KINDS)
    recorder.choice("only", ("one",))
    recorder.integer("layers", 2, 24, log=True)
    recorder.integer("cycle", 2, 12)
    recorder.integer("fixed", 7, 7)
    recorder.real("rate", 1e-4, 1e-1, log=True)
    recorder.real("share", -1.0, 1.0)
    return recorder.choices


@given(SEEDS, SEEDS)
def test_without_changes_all_is_as_the_parent_has_it(parent_seed, seed):
    parent = ask(RandomChooser(parent_seed))
    assert ask(MutatingChooser(parent, seed, changes=0)) == parent


@given(SEEDS, SEEDS, CHANGES)
def test_at_most_so_many_choices_change_and_stay_within_their_bounds(parent_seed, seed, changes):
    parent = ask(RandomChooser(parent_seed))
    child = ask(MutatingChooser(parent, seed, changes))
    assert sum(child[name] != parent[name] for name in parent) <= changes
    assert child["kind"] in KINDS
    assert 2 <= child["layers"] <= 24
    assert 2 <= child["cycle"] <= 12
    assert 1e-4 <= child["rate"] <= 1e-1
    assert -1 <= child["share"] <= 1
    assert child == ask(MutatingChooser(parent, seed, changes))


@given(SEEDS, SEEDS)
def test_what_can_change_does(parent_seed, seed):
    parent = ask(RandomChooser(parent_seed))
    child = ask(MutatingChooser(parent, seed, changes=len(parent)))
    same = {name for name in parent if child[name] == parent[name]}
    assert {"only", "fixed"} <= same <= {"only", "fixed", "rate", "share"}  # a real number may hit its bound


def test_numbers_change_by_steps_that_are_small_beside_their_range():
    parent = ask(RandomChooser(0)) | {"layers": 8}
    layers = [ask(MutatingChooser(parent, seed, changes=7))["layers"] for seed in range(400)]
    assert sorted(layers)[20] >= 4
    assert sorted(layers)[-20] <= 16
    assert min(layers) < 8 < max(layers)


@given(SEEDS)
def test_what_a_parent_does_not_say_or_may_not_have_is_left_to_chance(seed):
    start = {"kind": "b", "cycle": 99, "layers": True, "rate": "fast"}
    found = ask(MutatingChooser(start, seed, changes=0))
    assert found["kind"] == "b"
    assert 2 <= found["cycle"] <= 12
    assert 2 <= found["layers"] <= 24
    assert 1e-4 <= found["rate"] <= 1e-1


@given(SEEDS, SEEDS, st.integers(1, 3))
def test_children_are_networks_of_the_space(parent_seed, seed, changes):
    space = PluginSpace(max_parameters=3000)
    recorder = Recorder(RandomChooser(parent_seed))
    parent = space.architecture(recorder)
    assert space.architecture(MutatingChooser(recorder.choices, seed, 0)) == parent
    space.architecture(MutatingChooser(recorder.choices, seed, changes))
