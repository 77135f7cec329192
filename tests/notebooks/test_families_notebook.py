"""Families of networks compete on one pair, cell by cell."""

from pathlib import Path

import pytest
import torch
from notebook_cells import ROOT, SMALL, code_cells, run_cells

from voxnas.audio.demo.cache import demo_pair

CELLS = code_cells("families")


def cell_with(words: str) -> str:
    return next(source for cell in CELLS if words in (source := "".join(cell["source"])))


@pytest.mark.parametrize("there", [False, True])
def test_it_trains_on_a_gpu_where_there_is_one(monkeypatch, there):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    asked: list[tuple[str, ...]] = []
    names: dict = {"os": __import__("os"), "Path": Path, "ROOT": ROOT, "data": [], "FAMILIES": "null"}
    names |= {"MAX_CPU_RTF": 0.01, "MINUTES": 1, "STUDY": "mine", "SETTINGS": []}
    before, after = cell_with("TRAINER =").split("TRAINER =")
    exec(before, names)
    names["run"] = lambda *arguments: asked.append(arguments)
    exec("TRAINER =" + after, names)
    assert ("trainer=gpu" in asked[0]) is there


@pytest.mark.slow
def test_families_are_searched_and_compared(tmp_path, monkeypatch, shown):
    monkeypatch.chdir(ROOT / "notebooks")
    monkeypatch.setenv("VOXNAS_LOG_DIR", str(tmp_path / "logs"))
    dry, wet = demo_pair(tmp_path, seconds=8.0)
    names = run_cells(
        "families",
        INPUT=str(dry), TARGET=str(wet), FAMILIES="[wavenet,lstm]", MAX_CPU_RTF=0.5, MINUTES="null",
        STUDY="mine", SETTINGS=[*SMALL, "search.candidates=4"],
    )  # fmt: skip
    assert set(names["best"].index) <= {"WaveNet", "LSTM"}
    assert (tmp_path / "logs/nas/mine/report/report.html").is_file()
    kinds = [thing[0] for thing in shown if isinstance(thing, tuple)]
    assert kinds.count("Audio") >= 2
    assert kinds.count("Image") == 1
