"""A player's way from two recordings to a file for the plug-in, cell by cell."""

import pytest
from notebook_cells import ROOT, SMALL, run_cells

from voxnas.audio.demo.cache import demo_pair
from voxnas.export.load import load_model


@pytest.mark.slow
def test_two_recordings_become_a_file_for_the_plug_in(tmp_path, monkeypatch, shown):
    monkeypatch.chdir(ROOT / "notebooks")
    monkeypatch.setenv("VOXNAS_LOG_DIR", str(tmp_path / "logs"))
    dry, wet = demo_pair(tmp_path, seconds=8.0)
    names = run_cells(
        "from_capture_to_plugin",
        INPUT=str(dry),
        TARGET=str(wet),
        MINUTES="null",
        STUDY="mine",
        SETTINGS=[*SMALL, "search.candidates=3"],
    )
    assert load_model(names["MODEL"]).sample_rate == 48000
    assert names["REPORT"].joinpath("report.html").is_file()
    kinds = [thing[0] for thing in shown if isinstance(thing, tuple)]
    assert kinds.count("Audio") == 2
    assert kinds.count("Image") >= 3
