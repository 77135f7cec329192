"""Every config that is shipped composes, and what it describes can be built."""

from pathlib import Path

import lightning.pytorch as pl
import optuna
import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from scripts import ROOT

from voxnas.export.nam import write_nam
from voxnas.models.base import Network, StreamingNetwork
from voxnas.models.diagram import example_of
from voxnas.models.genotype import LayerChoice, WaveNetGenotype, write_genotype
from voxnas.models.wavenet import WaveNet, stack
from voxnas.problems.amp.data.datamodule import PairDataModule
from voxnas.problems.amp.module import AmpModule
from voxnas.problems.base import Problem
from voxnas.search.darts.costs import price_of
from voxnas.search.darts.relaxed import relaxed_network
from voxnas.search.objectives import parse_objectives
from voxnas.search.parts import make_part
from voxnas.search.samplers import make_sampler
from voxnas.search.selection.base import Selection
from voxnas.search.sources.base import Source
from voxnas.search.space import compose_candidates, expand
from voxnas.search.spaces.sample import sample

CONFIGS = ROOT / "configs"
ROOTS = sorted(path.stem for path in CONFIGS.glob("*.yaml"))
ON_MODEL = sorted(f"on_model/{path.stem}" for path in (CONFIGS / "on_model").glob("*.yaml"))
WAV = Path("recording.wav")


def options(group: str) -> list[str]:
    found = sorted(path.stem for path in (CONFIGS / group).glob("*.yaml"))
    assert found, f"configs/{group} is empty"
    return found


# What another problem's config chooses begins so; its own tests build it
OTHERS = ("string", "vimh", "knobs", "images")


def of_amps(group: str) -> list[str]:
    """Those of the amp problem."""
    return [name for name in options(group) if not name.startswith(OTHERS)]


@pytest.fixture(autouse=True)
def wav(tmp_path, monkeypatch):
    """A recording for the configs of data that want one."""
    import soundfile

    monkeypatch.chdir(tmp_path)
    soundfile.write(WAV, torch.zeros(100).numpy(), 48000)


@pytest.mark.parametrize("name", [*ROOTS, *ON_MODEL])
def test_every_root_config_composes(composed, name):
    assert composed(name).hydra.job.chdir is False


def test_every_root_config_has_its_script_and_every_script_its_config():
    scripts = {path.stem for path in (ROOT / "src").glob("*.py")}
    roots = {Path(name).stem for name in [*ROOTS, *ON_MODEL]} - {"base"}
    assert scripts == roots


def test_every_group_is_tried_here():
    groups = {path.name for path in CONFIGS.iterdir() if path.is_dir()}
    tried = {"problem", "model", "data", "space", "design", "search", "callbacks", "trainer", "logger"}
    tried |= {"training", "cost", "sound"}  # sound by tests/problems/spectral
    assert groups == tried | {"experiment", "experiment_on", "debug", "paths", "hydra", "on_model", "shared"}


@pytest.mark.parametrize("model", of_amps("model"))
def test_every_model_is_a_network_that_runs(composed, model):
    given = []
    if model == "architecture":
        shape = "{type: WaveNet, name: amp, layer_arrays: [{channels: 2, dilations: [1]}]}"
        given = [f"model.architecture={shape}"]
    if model == "genotype":
        layer = LayerChoice(kernel_size=3, dilation=2, activation="Tanh", gated=True)
        given = [f"genotype={write_genotype(WaveNetGenotype(2, (layer,)), Path('genotype.json'))}"]
    if model == "start":
        given = [f"init_from={write_nam(stack(2, 3), Path('amp.nam'), 48000, {})}"]
    config = composed("train", f"model={model}", *given)
    network = instantiate(config.model, _convert_="all")
    assert isinstance(network, Network)
    assert network.name == config.model.name
    if isinstance(network, StreamingNetwork):
        assert network(torch.zeros(1, 1, network.receptive_field)).shape == (1, 1, 1)
    else:
        assert network(*example_of(network)).isfinite().all()


def given_to(data: str) -> list[str]:
    """What a user has to give to a kind of data."""
    if data.startswith("demo"):
        return []
    if data == "amp_knobs":
        Path("table.csv").write_text(f"file,drive\n{WAV},1\n{WAV},2\n")
        return [f"data.input={WAV}", "data.settings=table.csv"]
    return [f"data.input={WAV}", f"data.target={WAV}"]


@pytest.mark.parametrize("data", of_amps("data"))
def test_every_kind_of_data_is_a_data_module_that_loads_nothing_yet(composed, data):
    given = given_to(data)
    config = composed("train", f"data={data}", "seed=7", *given)
    config.paths.data_dir = "nowhere"
    datamodule = instantiate(config.data)
    assert isinstance(datamodule, PairDataModule)
    assert (datamodule.sample_rate, datamodule.seed) == (48000, 7)
    assert not Path("nowhere").exists()


@pytest.mark.parametrize("optimizer", options("training/optimizer"))
@pytest.mark.parametrize("training", of_amps("training"))
def test_every_recipe_makes_a_training_module(composed, training, optimizer):
    config = composed("train", f"training={training}", f"training/optimizer={optimizer}")
    network = instantiate(config.model, _convert_="all")
    parts = {name: instantiate(part) for name, part in config.training.items()}
    module = instantiate(config.problem).module(network, instantiate(config.data), parts)
    assert isinstance(module, AmpModule)
    assert module.configure_optimizers().param_groups[0]["lr"] == config.training.optimizer.lr
    assert module.loss(torch.zeros(2, 1, 4096), torch.ones(2, 1, 4096)) > 0
    assert 0 < module.schedule(0, 0.0) <= 1


@pytest.mark.parametrize("problem", options("problem"))
def test_every_problem_names_what_decides(composed, problem):
    config = composed("train", f"problem={problem}")
    made = instantiate(config.problem)
    assert isinstance(made, Problem)
    assert made.name == problem
    for callback in ("best_checkpoint", "early_stopping"):
        settings = config.callbacks[callback]
        assert (settings.monitor, settings.mode) == ("val/score", made.score.mode)


@pytest.mark.parametrize("cost", options("cost"))
def test_every_meter_of_cost_tells_what_limits_may_name(composed, cost):
    problem = {"images": "spectral"}.get(cost, "amp")  # whose limits they are
    config = composed("train", f"problem={problem}", f"cost={cost}")
    meter = instantiate(config.cost, _convert_="all")
    assert {f"max_{name}" for name in meter.figures} <= set(config.constraints)


@pytest.mark.parametrize("trainer", options("trainer"))
def test_every_trainer_is_one(composed, trainer):
    accelerator = [] if torch.cuda.is_available() else ["trainer.accelerator=cpu"]
    config = composed("train", f"trainer={trainer}", *accelerator)
    assert isinstance(instantiate(config.trainer, logger=False), pl.Trainer)


def test_a_gpu_trains_only_where_it_is_asked_for(composed, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert composed("train").trainer.accelerator == "cpu"
    assert composed("train", "trainer=gpu").trainer.accelerator == "cuda"


@pytest.mark.parametrize("callbacks", options("callbacks"))
def test_every_callback_can_be_built(composed, callbacks):
    config = composed("train", f"callbacks={callbacks}", "patience=3")
    built = [instantiate(callback) for callback in config.callbacks.values()]
    assert built
    assert all(isinstance(callback, pl.Callback) for callback in built)


@pytest.mark.parametrize("logger", options("logger"))
def test_every_logger_can_be_built(composed, logger):
    config = composed("train", f"logger={logger}")
    built = [instantiate(part) for part in config.logger.values()]
    assert built
    assert all(isinstance(part, pl.loggers.Logger) for part in built)


@pytest.mark.parametrize("group", ["experiment", "debug"])
def test_every_set_of_overrides_composes(composed, group):
    for option in options(group):
        config = composed("train", f"{group}={option}")
        OmegaConf.resolve(config.trainer)
        assert instantiate(config.trainer, logger=False, accelerator="cpu").max_epochs >= 1


@pytest.mark.parametrize("space", sorted({*of_amps("space")} - {"stack", "darts_wavenet", "darts_cnn"}))
def test_every_space_has_candidates_that_can_be_built(composed, space):
    config = composed("train", f"space={space}", "search=phase1")
    given = [f"space={space}", "search=phase1"]
    proposing = instantiate(config.hydra.sweeper.space)
    if proposing is None:
        candidates = expand(config.hydra.sweeper.params, given)
    else:
        candidates = [[*given, *proposal] for proposal in sample(proposing, 5)]
    some = candidates[:: max(1, len(candidates) // 6)]
    networks = [instantiate(config.model, _convert_="all") for config in compose_candidates("train", some)]
    assert len({network.name for network in networks}) == len(some) > 1


@pytest.mark.parametrize("design", options("design"))
def test_every_design_is_a_network_once_its_channels_are_given(composed, design):
    designs = composed("train", f"+design={design}").hydra.sweeper.space.designs
    arrays = OmegaConf.to_container(designs[design].layer_arrays)
    said = [{key: value for key, value in array.items() if value is not None} for array in arrays]
    heads = [*([{"head_size": 4, "head_bias": False}] * (len(arrays) - 1)), {}]
    network = WaveNet([{**own, **head, "channels": 4} for own, head in zip(said, heads, strict=True)])
    assert network(torch.zeros(1, 1, network.receptive_field)).shape == (1, 1, 1)


@pytest.mark.parametrize(("search", "epochs", "patience"), [("phase1", 50, 10), ("phase2", 2000, 100)])
def test_the_two_phases_are_rungs_of_a_study(composed, search, epochs, patience):
    config = composed("train", f"search={search}", "study=mine")
    assert config.hydra.mode.name == "MULTIRUN"
    assert config.hydra.sweep.dir.endswith(f"logs/nas/mine/{search}")
    assert (config.rung, config.trainer.max_epochs, config.patience) == (search, epochs, patience)


@pytest.mark.parametrize(
    ("search", "sweeper", "source"),
    [
        ("optuna", "LadderSweeper", "optuna"),
        ("ladder", "LadderSweeper", "random"),
        ("budget", "LadderSweeper", "evolution"),
    ],
)
def test_every_search_names_its_sweeper_and_takes_a_space(composed, search, sweeper, source):
    config = composed("train", f"search={search}", "space=plugin", "study=mine")
    assert config.hydra.mode.name == "MULTIRUN"
    assert config.hydra.sweeper.sweeper.endswith(f".{sweeper}")
    assert config.hydra.sweeper.source == source
    assert config.hydra.sweeper.space._target_.endswith("PluginSpace")
    assert config.hydra.sweeper.storage.endswith("optuna.db")
    assert config.hydra.sweep.dir.startswith(f"{config.paths.log_dir}/nas/mine")


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.parametrize("sampler", options("hydra/sweeper/sampler"))
def test_every_sampler_is_one_of_optuna_s_and_proposes(composed, sampler):
    config = composed("train", "search=optuna", f"hydra/sweeper/sampler={sampler}", "study=mine")
    names = ["best_val_loss"] if sampler == "cmaes" else config.hydra.sweeper.objectives
    objectives = parse_objectives(names, instantiate(config.problem))
    made = make_sampler(config.hydra.sweeper.sampler, 7, objectives)
    assert config.hydra.sweeper.sampler.seed is None
    study = optuna.create_study(sampler=made, directions=["minimize"] * len(objectives))
    for loss in (0.3, 0.2, 0.1):
        trial = study.ask()
        assert 1 <= trial.suggest_int("channels", 1, 8) <= 8
        assert trial.suggest_categorical("activation", ["Tanh", "ReLU"]) in ("Tanh", "ReLU")
        study.tell(trial, [loss] * len(objectives))


def test_optuna_as_the_plugin_had_it_is_a_study_that_goes_on(composed):
    config = composed("train", "hydra/sweeper=optuna", "study=mine")
    assert config.hydra.sweeper.sweeper.endswith(".LadderSweeper")
    assert config.hydra.sweep.dir == f"{config.paths.log_dir}/nas/mine/optuna"
    assert config.hydra.sweeper.storage == f"sqlite:///{config.hydra.sweep.dir}/optuna.db"
    assert "/train/multiruns/" in composed("train").hydra.sweep.dir


@pytest.mark.parametrize("source", options("search/source"))
def test_every_source_can_be_built(composed, source):
    config = composed("train", "search=ladder", "space=plugin", f"search.source={source}", "study=mine")
    assert isinstance(make_part("source", source, config), Source)


@pytest.mark.parametrize("selection", options("search/selection"))
def test_every_selection_can_be_built(composed, selection):
    config = composed("train", "search=ladder", "study=mine", "+search.limits.cpu_rtf=0.1")
    assert isinstance(make_part("selection", selection, config), Selection)


@pytest.mark.parametrize("data", of_amps("data"))
def test_an_experiment_brings_no_setting_that_the_data_have_not(composed, data):
    given = given_to(data)
    plain = composed("train", f"data={data}", *given)
    for experiment in options("experiment"):
        config = composed("train", f"data={data}", f"experiment={experiment}", *given)
        assert {*config.data} == {*plain.data}
        assert experiment != "smoke" or config.data.segment_length == 2048
        instantiate(config.data)


def test_the_smoke_experiment_takes_eight_seconds_of_the_demo(composed):
    assert composed("train", "experiment=smoke").data.seconds == 8


@pytest.mark.parametrize("rung", ["train", "phase1", "rung1", "rung9", "optuna"])
def test_every_rung_of_the_quick_experiment_ends_after_epochs_and_not_after_a_time(composed, rung):
    trainer = composed("train", "experiment=quick", f"rung={rung}").trainer
    assert trainer.max_time is None
    assert 30 <= trainer.max_epochs <= 150


def test_a_ladder_of_the_quick_experiment_has_rungs_as_long_as_its_runs(composed):
    assert composed("train", "experiment=quick", "search=ladder").search.rungs == [3, 12, 50, 150]


def test_early_stopping_needs_a_patience(composed):
    assert composed("train").callbacks.early_stopping.patience is None
    assert composed("train", "patience=4").callbacks.early_stopping.patience == 4


@pytest.mark.parametrize("space", ["darts_wavenet", "darts_cnn"])
def test_every_space_of_a_differentiable_search_is_a_relaxed_network(composed, space):
    config = composed("train", "search=darts", f"space={space}", "nas_model_size=s", "study=mine")
    network = relaxed_network(config)
    assert config.darts.space == space
    assert network.largest_cost(price_of("Compute")) > 0
    module = instantiate(config.darts.module, _convert_="all")
    parts = {name: instantiate(config.training[name]) for name in ("loss", "schedule")}
    score = instantiate(config.problem).score_meter()
    made = module(network=network, score=score, price=price_of("Memory"), largest_cost=1.0, **parts)
    assert made.configure_optimizers()[0].param_groups[0]["lr"] == config.darts.module.optimizer.lr
    callbacks = [instantiate(callback) for callback in config.darts.callbacks.values()]
    assert all(isinstance(callback, pl.Callback) for callback in callbacks)
