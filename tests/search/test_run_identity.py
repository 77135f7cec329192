"""The identity of runs and searches: what their config says other than the defaults."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from scripts import ROOT

from voxnas.records.record import Record
from voxnas.search import identity as module
from voxnas.search.identity import differences, relaxed_identity, schema1_run_identity, search_identity

RUN = {"architecture": {"type": "WaveNet"}, "data": {"fingerprint": "abc", "sections": {"train": [0, 9]}}}


def record(**figures) -> Record:
    values = {"candidate": "amp", "study": "s", "rung": "train", "status": "running", "identity": ""}
    return Record(**(values | {"problem": "amp"} | RUN | figures))


def run_identity(config, **figures) -> str:
    return module.run_identity(config, record(**figures))


@pytest.mark.parametrize(
    "change",
    [
        "seed=1",
        "patience=3",
        "trainer.max_epochs=7",
        "trainer.max_time=00:00:01:00",
        "trainer.precision=64-true",
        "training.optimizer.lr=0.5",
        "training.loss.mse=1",
        "data.batch_size=3",
        "data.segment_length=100",
        "init_from=other.ckpt",
    ],
)
def test_what_shapes_a_result_changes_it(composed, change):
    assert run_identity(composed("train", change)) != run_identity(composed("train"))


@pytest.mark.parametrize(
    "change",
    [
        "study=other",
        "trainer.devices=2",
        "trainer.log_every_n_steps=1",
        "callbacks.benchmark.blocks=7",
        "callbacks.preview=null",
        "+export.metadata.name=Amp",
        "logger=csv",
        "data.folder=elsewhere",
        "threads=1",
    ],
)
def test_what_does_not_shape_a_result_leaves_it(composed, change):
    assert run_identity(composed("train", change)) == run_identity(composed("train"))


def test_other_recordings_sections_and_networks_change_it(composed):
    config = composed("train")
    same = run_identity(config)
    assert run_identity(config, architecture={"type": "LSTM"}) != same
    assert run_identity(config, data=RUN["data"] | {"fingerprint": "abd"}) != same
    assert run_identity(config, data=RUN["data"] | {"sections": {"train": [0, 8]}}) != same
    assert run_identity(config, data=RUN["data"] | {"input": "the same file elsewhere.wav"}) == same


def test_weights_to_start_from_count_by_the_run_that_made_them(composed, tmp_path):
    def starting_from(parent: str, folder: str) -> str:
        record = Record("amp", "s", "phase1", "ok", identity=parent)
        record.write(tmp_path / folder)
        return run_identity(composed("train", f"init_from={tmp_path / folder}/checkpoints/best.ckpt"))

    assert starting_from("x", "here") == starting_from("x", "there")
    assert starting_from("x", "here") != starting_from("y", "here")


def test_a_limit_that_is_broken_counts_and_limits_that_are_kept_do_not(composed):
    assert run_identity(composed("train", "constraints.max_params=5")) == run_identity(composed("train"))
    config = composed("train")
    assert module.run_identity(config, record(), "max_params 5") != run_identity(config)


def test_a_value_that_is_given_as_it_is_by_default_changes_nothing(composed):
    config = composed("train")
    given = [f"data.seconds={config.data.seconds}", "data=demo", "training.loss.mse=0", "patience=null"]
    assert run_identity(composed("train", *given)) == run_identity(config)


def test_differences_are_what_another_config_has_otherwise():
    base = OmegaConf.create({"a": {"b": 1, "c": [1, 2]}, "d": "${a.b}", "gone": 0, "name": "x"})
    config = OmegaConf.create({"a": {"b": 2, "c": [1, 2]}, "d": "${a.b}", "new": None, "name": "y"})
    found = differences(config, base, ["name"])
    assert found == {"a.b": 2, "d": 2, "gone": "absent", "new": None}
    assert differences(config, base, ["a.*", "d", "gone", "n*", "!new"]) == {"new": None}
    assert differences(config, config, []) == {}


@pytest.fixture
def later(composed, tmp_path) -> Iterator[Callable[..., DictConfig]]:
    """Composes the config of a later version, in which some keys are new, all with neutral defaults."""
    configs = tmp_path / "configs"
    shutil.copytree(ROOT / "configs", configs)
    additions = {
        "training/default.yaml": "  hold_steps: 0\n",  # of the schedule, which is the last there
        "training/optimizer/block_soap.yaml": "momentum: null\n",
        "data/demo.yaml": "noise: {level: 0.0, kind: pink}\n",
        "trainer/default.yaml": "sync_batchnorm: false\n",
        "train.yaml": "teacher: null\n",
    }
    for name, text in additions.items():
        with (configs / name).open("a") as file:
            file.write(text)

    def compose_later(*overrides: str) -> DictConfig:
        _forget()
        return composed("train", *overrides, configs=configs)

    yield compose_later
    _forget()


def _forget() -> None:
    """The configs that a process composes stay the same as a rule."""
    module._composed.cache_clear()
    module._composed_choices.cache_clear()


@pytest.mark.parametrize("given", [[], ["seed=3", "training.optimizer.lr=0.5", "data.seconds=20"]])
def test_a_new_key_with_a_neutral_default_changes_no_identity(composed, later, given):
    before = composed("train", *given)
    expected = run_identity(before), schema1_run_identity(before, record())
    after = later(*given)
    assert (after.training.schedule.hold_steps, after.training.optimizer.momentum) == (0, None)
    assert (run_identity(after), schema1_run_identity(after, record())) == expected


@pytest.mark.parametrize("change", ["training.schedule.hold_steps=9", "data.noise.level=1", "teacher=x.ckpt"])
def test_a_new_key_counts_where_it_is_given(later, change):
    same = run_identity(later())
    same_as_then = schema1_run_identity(later(), record())
    assert run_identity(later(change)) != same
    if not change.startswith("teacher"):  # of which records of then know nothing
        assert schema1_run_identity(later(change), record()) != same_as_then


def test_a_run_of_the_first_edition_has_the_identity_that_it_had(composed):
    """Of a run of then: `train.py model=nano trainer.max_epochs=4 threads=1 seed=3 data.seconds=20`."""
    given = ["model=nano", "trainer.max_epochs=4", "threads=1", "seed=3", "data.seconds=20"]
    given += ["training.optimizer.block_size=64"]  # as the recipe was
    config = composed("train", *given)
    network = instantiate(config.model, _convert_="all")
    data = {
        "fingerprint": "7041f35dadf01c3925ecef45b10d4e9eb911b9c2ab052d5dee5596bbda4a2bf4",
        "sections": {"train": [0, 672000], "val": [672000, 816000], "test": [816000, 960000]},
    }
    known = record(architecture=network.architecture(), data=data)
    assert schema1_run_identity(config, known) == "1df0c351c1a0ebb3"
    assert schema1_run_identity(config, record(problem="another")) == ""


def test_a_differentiable_search_is_known_by_its_settings_too(composed):
    def of(*overrides: str) -> str:
        return relaxed_identity(composed("train", "search=darts", "study=s", *overrides), record())

    same = of()
    assert of("study=t", "nas_seeds=[1,2]", "nas_keep_weights=true") == same
    for change in ("nas_penalty=0.3", "nas_model_size=s", "seed=1", "space=darts_cnn", "data.batch_size=3"):
        assert of(change) != same, change


def test_a_search_begins_anew_where_what_its_candidates_share_has_changed(composed, tmp_path):
    def of(*overrides: str, **settings) -> str:
        config = composed("train", "search=optuna", "space=plugin", "study=s", *overrides)
        return search_identity(config, {"n": 4} | settings, list(overrides))

    same = of()
    assert of("study=t", "threads=1", "callbacks.benchmark.blocks=7") == same
    assert of(n=5) != same
    for change in ("seed=1", "training.optimizer.lr=0.5", "constraints.max_params=9", "trainer.max_epochs=3"):
        assert of(change) != same, change


def test_a_search_knows_its_recordings_by_size_and_time(composed, tmp_path):
    files = [tmp_path / name for name in ("dry.wav", "amp.wav")]
    given = ["data=amp_pair", f"data.input={files[0]}", f"data.target={files[1]}"]

    def of() -> str:
        return search_identity(composed("train", *given), {}, given)

    for file in files:
        file.write_bytes(b"12")
    same = of()
    assert of() == same
    files[1].write_bytes(b"123")
    assert of() != same
