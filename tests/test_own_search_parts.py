"""A source and a selection of one's own: a class and a config each, and not a line of the package changed."""

import json
import sys
from pathlib import Path

import pytest

PARTS = """
from voxnas.search.selection.base import Selection
from voxnas.search.sources.lists import ListSource


class Last(ListSource):
    def draw(self, task, number, before, results):
        return task.proposer.grid()[-task.total :]


class Largest(Selection):
    def order(self, records):
        return sorted(records, key=lambda name: -records[name].value("parameters"))
"""
QUICK = [
    "callbacks.benchmark.blocks=10",
    "callbacks.benchmark.block_sizes=[512]",
    "callbacks.preview=null",
    "logger=csv",
    "name=${model.name}",
]


@pytest.fixture
def own_parts(tmp_path, monkeypatch) -> str:
    """The override by which they are found."""
    (tmp_path / "own_parts.py").write_text(PARTS)
    for group, name, kind in (("source", "last", "Last"), ("selection", "largest", "Largest")):
        config = tmp_path / "configs/search" / group / f"{name}.yaml"
        config.parent.mkdir(parents=True)
        config.write_text(f"# @package _global_\n_target_: own_parts.{kind}\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "own_parts", raising=False)
    return f"hydra.searchpath=[file://{tmp_path / 'configs'}]"


def candidates(folder: Path) -> set[str]:
    return {json.loads(path.read_text())["candidate"] for path in folder.glob("*/record.json")}


@pytest.mark.parametrize("promotion", ["sync", "async"])
def test_a_source_and_a_selection_of_one_s_own_are_a_config_each(
    run_here, tiny_pair, log_dir, own_parts, promotion
):
    space = ["model.num_layers=2", "model.channels=2,5,3,4"]
    steps = ["search.rungs=[1,1]", "search.keep=1", "search.candidates=3", f"search.promotion={promotion}"]
    parts = ["search.source=last", "search.selection=largest", own_parts]
    given = [*space, *steps, *parts, *tiny_pair, *QUICK]
    done = run_here("train", "-m", "search=ladder", "study=tiny", *given)
    assert done.code == 0, done.err
    assert candidates(log_dir / "nas/tiny/rung1") == {f"wavenet-l2-c{channels}-k3" for channels in (5, 3, 4)}
    assert candidates(log_dir / "nas/tiny/rung2") == {"wavenet-l2-c5-k3"}


def test_promotion_takes_it_too(run_here, tiny_pair, log_dir, own_parts):
    given = ["model.num_layers=2", "model.channels=2,3", "trainer.max_epochs=1", *tiny_pair, *QUICK]
    assert run_here("train", "-m", "search=phase1", "study=tiny", *given).code == 0
    done = run_here("promote", "study=tiny", "selection=largest", own_parts)
    assert done.code == 0, done.err
    assert "wavenet-l2-c3-k3" in done.out


@pytest.mark.parametrize("part", ["source", "selection"])
def test_a_part_that_is_not_there_is_one_line_with_those_that_are(run_here, tiny_pair, own_parts, part):
    names = {
        "source": "random, grid, optuna, evolution, last",
        "selection": "rank, score, foreseen, largest, within",
    }
    given = ["space=plugin_phone", f"search.{part}=guess", own_parts, *tiny_pair]
    done = run_here("train", "-m", "search=ladder", "study=tiny", *given)
    assert done.code == 2
    assert done.err == f"error: search.{part}=guess: one of {names[part]}\n"
