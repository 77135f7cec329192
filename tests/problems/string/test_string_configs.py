"""Every config of the string problem composes, and what it describes can be built."""

import lightning.pytorch as pl
import pytest
import torch
from hydra.utils import instantiate
from scripts import ROOT

from voxnas.models.strings.net import StringNet
from voxnas.problems.string.data.datamodule import StringDecay
from voxnas.problems.string.module import StringModule
from voxnas.search.space import compose_candidates, expand
from voxnas.search.spaces.sample import sample

IT = "problem=string"
SPACES = sorted(path.stem for path in (ROOT / "configs/space").glob("string*.yaml"))


def test_the_problem_brings_all_that_it_needs(composed):
    config = composed("train", IT)
    network = instantiate(config.model, _convert_="all")
    assert isinstance(network, StringNet)
    assert network.name == config.model.name
    data = instantiate(config.data)
    assert isinstance(data, StringDecay)
    data.adapt(network)
    recipe = {name: instantiate(part) for name, part in config.training.items()}
    module = instantiate(config.problem).module(network, data, recipe)
    assert isinstance(module, StringModule)
    assert module.configure_optimizers().param_groups[0]["lr"] == config.training.optimizer.lr
    assert module.loss(torch.zeros(2, 4096), torch.ones(2, 4096)) > 0
    callbacks = [instantiate(callback) for callback in config.callbacks.values()]
    assert all(isinstance(callback, pl.Callback) for callback in callbacks)


def test_its_cost_tells_what_limits_may_name(composed):
    config = composed("train", IT)
    meter = instantiate(config.cost)
    assert {f"max_{name}" for name in meter.figures} <= set(config.constraints)
    network = StringNet()
    network.follow(100.0, 44_100)
    cost = meter.cost(network, {})
    assert 0 < cost.value < 1
    known = cost.as_values() | {"cpu_rtf": 0.5}
    assert meter.cost(network, {}, known).value == 0.5


@pytest.mark.parametrize("space", SPACES)
def test_every_space_has_candidates_of_different_names_that_can_be_built(composed, space):
    config = composed("train", IT, f"space={space}", "search=phase1")
    given, proposing = [IT, f"space={space}", "search=phase1"], instantiate(config.hydra.sweeper.space)
    if proposing is None:
        candidates = expand(config.hydra.sweeper.params, given)
    else:
        candidates = [[*given, *proposal] for proposal in sample(proposing, 6)]
    built = [
        instantiate(candidate.model, _convert_="all").architecture()
        for candidate in compose_candidates("train", candidates)
    ]
    assert len(built) == len(candidates) > 1
    assert len({repr(architecture) for architecture in built}) == len(built)
