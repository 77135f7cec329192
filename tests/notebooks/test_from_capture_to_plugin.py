"""A player's way from two recordings to a file for the plug-in, cell by cell."""

import json
from pathlib import Path

import pytest

from voxnas.audio.demo.cache import demo_pair
from voxnas.export.load import load_model

ROOT = Path(__file__).parents[2]
SMALL = ["experiment=smoke", "search.candidates=3", "search.rungs=[1,2]", "search.keep=1", "search.guests=[]"]
SMALL += [
    "search.finalists=1",
    "search.final_seeds=[11]",
    "data.train=0:4",
    "data.val=4:6",
    "data.test=6:7.9",
]


def run_cells(**parameters) -> dict:
    """Names that its cells leave, with these in the place of the parameters that it has."""
    cells = json.loads((ROOT / "notebooks/from_capture_to_plugin.ipynb").read_text(encoding="utf-8"))["cells"]
    names: dict = {}
    for cell in cells:
        if cell["cell_type"] != "code":
            continue
        exec("".join(cell["source"]), names)
        if "parameters" in cell["metadata"].get("tags", []):
            assert set(parameters) <= set(names)
            names.update(parameters)
    return names


@pytest.mark.slow
def test_two_recordings_become_a_file_for_the_plug_in(tmp_path, monkeypatch, shown):
    monkeypatch.chdir(ROOT / "notebooks")
    monkeypatch.setenv("VOXNAS_LOG_DIR", str(tmp_path / "logs"))
    dry, wet = demo_pair(tmp_path, seconds=8.0)
    names = run_cells(INPUT=str(dry), TARGET=str(wet), MINUTES="null", STUDY="mine", SETTINGS=SMALL)
    assert load_model(names["MODEL"]).sample_rate == 48000
    assert names["REPORT"].joinpath("report.html").is_file()
    kinds = [thing[0] for thing in shown if isinstance(thing, tuple)]
    assert kinds.count("Audio") == 2
    assert kinds.count("Image") >= 3
