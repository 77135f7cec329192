"""What configs compute: a run's name, the survivors of a rung, its place in a sweep."""

import pytest
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import OmegaConf
from omegaconf.errors import InterpolationResolutionError

from voxnas.utils import resolvers
from voxnas.utils.resolvers import run_name, side_by_side, threads

UNNAMED = OmegaConf.create(["study", "model.num_layers", "callbacks.*"])


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        ([], "amp"),
        (["study=mine", "model.num_layers=7", "callbacks.benchmark.blocks=9"], "amp"),
        (["training.optimizer.lr=0.01"], "amp_lr-0.01"),
        (["training/optimizer=adam"], "amp_optimizer-adam"),
        (["seed=1", "model.gating=gated"], "amp_gating-gated_seed-1"),
        (["+data.extra=1", "~data.delay"], "amp_delay-_extra-1"),
        (["model.activation=Tanh", "data.train=0:60"], "amp_train-0-60_activation-Tanh"),
        (["model.dilations=[1,2,4]", "data.x='a b/c'"], "amp_x-a-b-c_dilations-1-2-4"),
        (["data.delay=3"], "amp_delay-3"),
        (["data.delay=-3"], "amp_delay--3"),
    ],
)
def test_a_run_is_named_after_what_makes_it_special(overrides, name):
    assert run_name("amp", UNNAMED, overrides) == name


def test_the_order_of_arguments_does_not_matter():
    assert run_name("amp", UNNAMED, ["seed=1", "b.c=2"]) == run_name("amp", UNNAMED, ["b.c=2", "seed=1"])


def test_what_a_promoted_name_says_is_not_said_again():
    assert run_name("amp_seed-3", UNNAMED, ["seed=3"]) == "amp_seed-3"
    assert run_name("amp_seed-31", UNNAMED, ["seed=3"]) == "amp_seed-31_seed-3"


def test_the_config_names_runs_by_its_command_line(composed):
    config = composed("train", "model.num_layers=5", "seed=2", "trainer.max_epochs=7", "study=x")
    assert config.name == "wavenet-l5-c16-k3_seed-2"
    assert composed("train", "model=nano").name == "nano"
    assert composed("train", "model=nano", "name=mine").name == "mine"


def test_runs_of_other_seeds_and_demo_pairs_have_folders_of_their_own(composed):
    given = ["search=phase1", "space=smoke"]
    overrides = [["seed=0"], ["seed=1"], ["data.demo_seed=0"], ["data.demo_seed=1"], ["data.drive=0.9"]]
    assert len({composed("train", *given, *some).name for some in overrides}) == 5


def test_survivors_without_a_promotion_say_what_to_run(composed):
    config = composed("train", "search=phase2", "study=none")
    with pytest.raises(InterpolationResolutionError, match=r"run src/promote\.py study=none first"):
        OmegaConf.resolve(config.hydra.sweeper)


def test_the_place_in_a_sweep_counts_from_0_and_is_0_in_a_single_run(composed):
    assert composed("train").callbacks.progress.number == 0
    config = composed("train")
    OmegaConf.set_readonly(config.hydra, False)
    config.hydra.job.num = 4
    HydraConfig.instance().set_config(config)
    assert config.callbacks.progress.number == 4


@pytest.mark.parametrize(
    ("mode", "launcher", "at_a_time", "each"),
    [
        (RunMode.MULTIRUN, {"array_parallelism": 32, "cpus_per_task": 4}, 32, 4),
        (RunMode.MULTIRUN, {"n_jobs": -1, "ray": {"remote": {"num_cpus": 2}}}, 3, 2),
        (RunMode.MULTIRUN, {"n_jobs": 64, "ray": {"remote": {"num_cpus": 0.5}}}, 64, 1),
        (RunMode.MULTIRUN, {"n_jobs": 2, "cpus_per_task": None}, 2, 3),
        (RunMode.RUN, {"n_jobs": 2, "cpus_per_task": 4}, 1, 6),
    ],
)
def test_on_a_cluster_a_run_has_the_cores_that_are_reserved_for_it(
    monkeypatch, mode, launcher, at_a_time, each
):
    monkeypatch.setattr(resolvers, "cores", lambda: 6)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    config = OmegaConf.create({"mode": mode, "launcher": launcher})
    monkeypatch.setattr(HydraConfig, "get", staticmethod(lambda: config))
    assert (side_by_side(), threads()) == (at_a_time, each)


@pytest.mark.parametrize(
    ("mode", "launcher", "at_a_time", "each"),
    [
        (RunMode.RUN, {"n_jobs": 4}, 1, 6),
        (RunMode.MULTIRUN, {}, 1, 6),
        (RunMode.MULTIRUN, {"n_jobs": 4}, 4, 1),
        (RunMode.MULTIRUN, {"n_jobs": 2}, 2, 3),
        (RunMode.MULTIRUN, {"n_jobs": 9}, 9, 1),
        (RunMode.MULTIRUN, {"n_jobs": -1}, 6, 1),
    ],
)
def test_runs_side_by_side_share_the_cores(monkeypatch, mode, launcher, at_a_time, each):
    monkeypatch.setattr(resolvers, "cores", lambda: 6)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    config = OmegaConf.create({"mode": mode, "launcher": launcher})
    monkeypatch.setattr(HydraConfig, "get", staticmethod(lambda: config))
    assert (side_by_side(), threads()) == (at_a_time, each)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert threads() == 1
