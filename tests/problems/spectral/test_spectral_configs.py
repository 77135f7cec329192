"""Every config of the problem composes, and what it describes can be built."""

from pathlib import Path

import pytest
import torch
from hydra.utils import instantiate
from scripts import ROOT
from vimh_sets import make_set

from voxnas.callbacks.image_cost import ImageMeter
from voxnas.problems.spectral.data import VimhData
from voxnas.problems.spectral.module import KnobModule
from voxnas.search.cost.base import Cost
from voxnas.search.space import compose_candidates, expand
from voxnas.utils.errors import InputError

DATA = sorted(path.stem for path in (ROOT / "configs/data").glob("vimh*.yaml"))
SPACES = sorted(path.stem for path in (ROOT / "configs/space").glob("images*.yaml"))
OPTIMIZERS = sorted(path.stem for path in (ROOT / "configs/training/optimizer").glob("*.yaml"))


@pytest.mark.parametrize("data", DATA)
def test_every_set_is_data_that_reads_nothing_yet(composed, data):
    config = composed("train", "problem=spectral", f"data={data}", "data.folder=nowhere")
    made = instantiate(config.data)
    assert isinstance(made, VimhData)
    with pytest.raises(InputError, match="no such folder"):
        made.describe()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("model", ["cnn", "vit", "image_mlp", "pooled"])
def test_every_kind_of_network_trains_by_every_optimizer(composed, tmp_path, model, optimizer):
    folder = make_set(tmp_path, number=10, size=(16, 16, 1))
    given = [f"model={model}", f"training/optimizer={optimizer}", f"data.folder={folder}"]
    config = composed("train", "problem=spectral", *given)
    data, network = instantiate(config.data), instantiate(config.model, _convert_="all")
    recipe = {name: instantiate(part) for name, part in config.training.items()}
    module = instantiate(config.problem).module(network, data, recipe)
    assert isinstance(module, KnobModule)
    optimizer = module.configure_optimizers()
    x, y = next(iter(data.train_dataloader()))
    before = module.loss(module(x), y)
    before.backward()
    optimizer.step()
    assert torch.isfinite(module.loss(module(x), y))
    network.unflatten()


@pytest.mark.parametrize("space", SPACES)
def test_every_space_has_networks_that_can_be_built(composed, space):
    config = composed("train", "problem=spectral", f"space={space}", "search=phase1")
    candidates = expand(config.hydra.sweeper.params, ["problem=spectral", f"space={space}", "search=phase1"])
    names = {
        instantiate(candidate.model, _convert_="all").name
        for candidate in compose_candidates("train", candidates)
    }
    assert len(names) == len(candidates) > 1


def test_a_candidate_s_figures_and_cost_are_known_before_training(composed, tmp_path):
    folder = make_set(tmp_path, number=10, size=(16, 16, 1))
    config = composed("train", "problem=spectral", f"data.folder={folder}", "model=cnn_2k")
    network, problem = instantiate(config.model, _convert_="all"), instantiate(config.problem)
    shape = problem.shape(network, instantiate(config.data))
    assert 1800 < shape["parameters"] < 2200
    assert shape["macs"] > 0
    meter = instantiate(config.cost)
    assert isinstance(meter, ImageMeter)
    cost = meter.cost(network, shape)
    assert isinstance(cost, Cost)
    assert 1 < cost.value < 1e5
    assert cost.derived["cpu_rtf"] == pytest.approx(2 * cost.value / 1e6 / shape["image_seconds"])
    assert meter.cost(network, shape, cost.as_values()).value == cost.value  # it is not measured twice
    assert meter.budget({"max_us_per_image": 100, "max_cpu_rtf": None}, shape) == 100
    with pytest.raises(InputError, match="give the budget"):
        meter.budget({}, shape)


def test_a_limit_of_cost_or_size_keeps_a_candidate_out(run_here, tmp_path):
    folder = make_set(tmp_path, number=10, size=(16, 16, 1))
    for limit in ("max_us_per_image=1", "max_params=100"):
        run = tmp_path / limit.partition("=")[0]
        given = [
            "problem=spectral",
            f"data.folder={folder}",
            "model=cnn_2k",
            f"constraints.{limit}",
            "logger=csv",
        ]
        done = run_here("train", *given, f"hydra.run.dir={run}")
        assert "rejected" in done.out + done.err
        assert '"rejected"' in Path(run / "record.json").read_text()
