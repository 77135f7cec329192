"""What CONTRIBUTING.md shows works as it stands: its files are written down and used."""

import importlib
import json
import re
import sys
from pathlib import Path

import pytest
import torch
from scripts import ROOT

from voxnas.commands.line import parse
from voxnas.commands.steps import calls
from voxnas.export.convert import convert
from voxnas.export.formats import FORMATS
from voxnas.models import build

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"```(?:python|yaml)\n# (\S+\.(?:py|yaml))\n(.*?)```", TEXT, re.DOTALL))
QUICK = [
    "callbacks.benchmark.blocks=10",
    "callbacks.benchmark.block_sizes=[512]",
    "callbacks.preview=null",
    "logger=csv",
    "trainer.max_epochs=1",
]


@pytest.fixture
def own(tmp_path, monkeypatch) -> str:
    """The override by which the examples' configs are found."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
        monkeypatch.delitem(sys.modules, Path(name).stem, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(build, "TYPES", dict(build.TYPES))
    return f"hydra.searchpath=[file://{tmp_path / 'configs'}]"


def records(folder: Path) -> list[dict]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob("**/record.json"))]


def test_the_network_plays_what_it_trains(own):
    network = importlib.import_module("own_network").TwoFilters(8)
    x = torch.randn(2, 1, 100)
    padded = torch.nn.functional.pad(x, (network.receptive_field - 1, 0))
    state, played = network.initial_state(2), []
    for block in x.split(37, dim=-1):
        out, state = network.stream(block, state)
        played.append(out)
    torch.testing.assert_close(torch.cat(played, dim=-1), network(padded))
    assert sum(line.strip() != "" for line in FILES["own_network.py"].splitlines()) <= 40


@pytest.mark.slow
def test_a_space_of_it_is_searched(run_here, tiny_pair, log_dir, own):
    steps = ["search.rungs=[1,1]", "search.keep=1", "search.candidates=2", "search.source=smallest"]
    done = run_here(
        "train", "-m", "search=ladder", "space=filters", "study=own", own, *steps, *tiny_pair, *QUICK[:3]
    )
    assert done.code == 0, done.err
    found = records(log_dir / "nas/own/rung1")
    assert sorted(record["architecture"]["taps"] for record in found) == [16, 64]
    assert all(record["status"] == "ok" for record in found)


def test_the_loss_trains(run_here, tiny_pair, log_dir, own):
    given = ["model.num_layers=2", "model.channels=2", "training=peaks", own, *tiny_pair, *QUICK]
    done = run_here("train", *given, f"hydra.run.dir={log_dir / 'own'}")
    assert done.code == 0, done.err
    assert records(log_dir / "own")[0]["status"] == "ok"


def test_the_exporter_writes(own, tmp_path, monkeypatch):
    monkeypatch.setattr("voxnas.export.formats.FORMATS", dict(FORMATS))
    importlib.import_module("own_format")
    network = importlib.import_module("own_network").TwoFilters(4)
    FORMATS["json"].write(network, tmp_path / "model.json", 48_000, None)
    convert(str(tmp_path / "model.json"), "sizes", str(tmp_path / "sizes.csv"))
    assert (tmp_path / "sizes.csv").read_text().startswith("before.weight,4\n")


def test_the_command_runs_a_search_and_its_report(own):
    (command,) = importlib.import_module("own_commands").COMMANDS
    search, report = calls(command, parse(command, ["--input", "a.csv", "--jobs=1"]))
    given = ["data=file", "data.input=a.csv", "problem=toy", "space=toy"]
    assert search.shown[2:] == ["-m", "search=ladder", "study=curve-ladder", *given]
    assert report.shown[2:] == ["study=curve-ladder"]
