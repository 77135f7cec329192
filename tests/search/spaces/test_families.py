"""Spaces across families: each family's own choices, asked for only where it was chosen."""

from collections import Counter

import optuna
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from voxnas.engine.cost.profile import plugin_cost
from voxnas.models.build import build
from voxnas.search.spaces.choosers import RandomChooser, TrialChooser
from voxnas.search.spaces.families import FamilySpace
from voxnas.search.spaces.mutation import MutatingChooser, Recorder
from voxnas.search.spaces.plugin import PluginSpace
from voxnas.search.spaces.recurrent import RecurrentSpace
from voxnas.search.spaces.sample import sample
from voxnas.utils.errors import InputError

DESIGN = {"layer_arrays": [{"channels": None, "dilations": [1, 2, 4], "kernel_size": 3}]}


def families(**settings) -> FamilySpace:
    spaces = {
        "wavenet": PluginSpace(designs={"short": DESIGN, "again": DESIGN}),
        "lstm": RecurrentSpace("LSTM", starts=[{"layers": 1}]),
        "gru": RecurrentSpace("GRU", skips=[False, True]),
    }
    return FamilySpace(spaces, **settings)


def architecture(overrides: list[str]) -> dict:
    return OverridesParser.create().parse_overrides(overrides)[1].value()


def test_every_family_is_proposed_and_every_candidate_can_be_built():
    found = [build(architecture(proposal)) for proposal in sample(families(), 60)]
    assert set(Counter(type(network).__name__ for network in found)) == {"WaveNet", "LSTM", "GRU"}
    assert len({network.name for network in found}) == len(found)


def test_a_family_asks_for_its_own_choices_only():
    for seed in range(20):
        recorder = Recorder(RandomChooser(seed))
        families().propose(recorder)
        family = recorder.choices.pop("family")
        assert recorder.choices
        assert all(name.startswith(f"{family}.") for name in recorder.choices)


def test_optuna_chooses_across_families():
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    for _ in range(12):
        trial = study.ask()
        build(architecture(families().propose(TrialChooser(trial))))
        study.tell(trial, len(trial.params))
    assert {trial.params["family"] for trial in study.trials} >= {"wavenet", "lstm"}


def test_an_evolution_begins_with_each_family_in_turn():
    starts = families().starts
    assert [start["family"] for start in starts] == ["wavenet", "lstm", "gru", "wavenet"]
    for number, start in enumerate(starts):
        recorder = Recorder(MutatingChooser(start, number, changes=0))
        families().propose(recorder)
        assert recorder.choices.items() >= start.items()
    assert "lstm.layers" in starts[1]


def test_a_child_may_be_of_another_family():
    parent = {"family": "lstm", "lstm.layers": 1, "lstm.units": 16, "lstm.skip": False}
    kinds = set()
    for seed in range(60):
        kinds.add(architecture(families().propose(MutatingChooser(parent, seed, changes=1)))["type"])
    assert kinds == {"WaveNet", "LSTM", "GRU"}


def test_some_families_alone():
    names = {architecture(p)["type"] for p in sample(families(only=["lstm", "gru"]), 20)}
    assert names == {"LSTM", "GRU"}
    assert families(only="lstm").size == 2 * 93


def test_the_plug_in_s_cost_is_known_of_the_sizes_that_were_measured_there():
    for proposal in sample(RecurrentSpace("LSTM", units=[4, 28], layers=[1, 4]), 20):
        assert plugin_cost(architecture(proposal)).rtf > 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: families(only=["tcn"]), "no family tcn; choose from wavenet, lstm, gru"),
        (lambda: families(only=[]), "name a family or more"),
        (lambda: RecurrentSpace("RNN"), "kind=RNN: choose from LSTM, GRU"),
        (lambda: RecurrentSpace("LSTM", units=[0, 8]), r"units=\[0, 8\]"),
        (lambda: RecurrentSpace("LSTM", layers=[1, 9]), r"layers=\[1, 9\]"),
        (lambda: RecurrentSpace("GRU", skips=[]), "skips"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(make, message):
    with pytest.raises(InputError, match=message) as error:
        make()
    assert "\n" not in str(error.value)
