"""The notebook's code runs on a finished study, and what it would show is there."""

import json
from pathlib import Path

from material.synthetic import synthetic_study

from voxnas.records.record import Record

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "review.ipynb"


def test_its_cells_run_from_a_clone_with_a_study_chosen(tmp_path, monkeypatch, shown):
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "notebooks").mkdir()
    study = tmp_path / "logs" / "nas" / "mine"
    synthetic_study(study, 12, epochs=(3, 5))
    for path in study.rglob("record.json"):
        record = Record.read(path)
        record.previews = {"model": "model.wav"}
        record.write(path.parent)
        (path.parent / "model.wav").write_bytes(b"RIFF")
    monkeypatch.chdir(tmp_path / "notebooks")
    monkeypatch.setenv("STUDY", "mine")
    monkeypatch.delenv("VOXNAS_LOG_DIR", raising=False)
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    names: dict = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    media = [thing for thing in shown if isinstance(thing, tuple)]
    assert ("Image", "pareto_3d.png") in media
    assert ("Audio", "model.wav") in media
    assert any(kind == "Markdown" and "best quality" in words for kind, words in media)
    tables = [thing for thing in shown if not isinstance(thing, tuple)]
    assert len(tables[0]) == names["result"].mask.sum()
    assert tables[-1] is names["nothing"] or len(tables[-1])
    assert (study / "review" / "report.html").is_file()
    assert not (study / "report").exists()  # the search's own, which stays as it is
