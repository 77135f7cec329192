"""What names of runs leave out, as it is written down and read."""

import json
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from voxnas.utils.common_settings import FILE, read_common, unlike, write_common
from voxnas.utils.errors import InputError


@pytest.fixture(autouse=True)
def choices(monkeypatch, composed):
    composed("train")


def written(folder) -> dict[str, str]:
    return json.loads((folder / FILE).read_text())


def test_what_is_swept_deleted_or_in_no_name_anyway_is_not_in_common(tmp_path):
    given = ["seed=3", "model.channels=4,8", "+data.extra=a b", "~data.delay", "data.train='0:60'", "study=x"]
    given += ["model.kernel_size=range(2,4)", "model.dilations=[1,2]", "training/optimizer=adam"]
    write_common(tmp_path / "new", given, ["study"])
    assert written(tmp_path / "new") == {
        "seed": "3",
        "data.extra": "a b",
        "data.train": "'0:60'",
        "model.dilations": "[1,2]",
        "training/optimizer": "adam",
    }


def test_the_first_sweep_with_a_run_decides(tmp_path):
    folder = tmp_path / "phase1"
    for seed in (1, 2):
        write_common(folder, [f"seed={seed}"], [])
        assert written(folder) == {"seed": str(seed)}
    (folder / "nano").mkdir()
    (folder / "nano/record.json").touch()
    write_common(folder, ["seed=3"], [])
    assert written(folder) == {"seed": "2"}


def test_a_folder_with_runs_of_before_has_nothing_in_common(tmp_path):
    folder = tmp_path / "phase1"
    (folder / "nano_seed-3").mkdir(parents=True)
    write_common(folder, ["seed=3"], [])
    assert not (folder / FILE).exists()


def test_a_single_run_has_nothing_in_common_with_others():
    assert read_common() == {}


COMMON = {"seed": "3", "data.train": "'0:60'", "training/optimizer": "adam", "data.extra": "1"}


@pytest.mark.parametrize(
    ("overrides", "named", "left"),
    [
        (
            ["seed=3", "data.train=0\\:60", "training/optimizer=adam"],
            {"seed": "3", "data.train": "0--60"},
            {},
        ),
        (["seed=3", "training/optimizer=adam", "data.train=0:60", "lr=.1"], {"lr": ".1"}, {"lr": ".1"}),
        (
            ["seed=4", "training/optimizer=adam", "data.train=0:30"],
            {"seed": "4", "data.train": "0:30"},
            {"data.train": "0:30", "seed": "4"},
        ),
        ([], {}, {"data.train": "null", "training/optimizer": "block_soap"}),
    ],
)
def test_a_run_is_named_by_what_it_says_otherwise_or_does_not_say(overrides, named, left):
    config = OmegaConf.create({"seed": 3, "data": {"train": None}})
    assert unlike(COMMON, named, overrides, config) == left


def test_values_are_compared_and_not_how_they_are_written():
    config = OmegaConf.create({"a": [1, 2], "b": 0.01, "c": True, "d": {"e": "x"}})
    assert unlike({"a": "[1, 2]", "b": "1e-2", "c": "true", "d.e": "x"}, {}, [], config) == {}


def test_a_damaged_file_is_named(tmp_path, composed):
    config = composed("train", "search=phase1", "study=mine")
    file = Path(config.hydra.sweep.dir) / FILE
    file.parent.mkdir(parents=True)
    file.write_text("{")
    with pytest.raises(InputError, match=f"{FILE}: damaged"):
        read_common()
