"""What every notebook promises."""

import json
from pathlib import Path

import pytest
from notebook_cells import code_cells

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_it_is_committed_without_outputs(notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    assert all(not c.get("outputs") and c.get("execution_count") is None for c in cells)


def test_all_install_the_project_alike_and_say_what_is_missing_where_it_is_not(tmp_path, monkeypatch):
    firsts = {"".join(code_cells(path.stem)[0]["source"]) for path in NOTEBOOKS}
    (install,) = firsts
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    if not any((folder / "pyproject.toml").exists() for folder in tmp_path.parents):
        with pytest.raises(FileNotFoundError, match="git clone"):
            exec(install, names)
    (tmp_path / "clone").mkdir()
    (tmp_path / "clone" / "pyproject.toml").touch()  # as a hosted notebook has it after git clone
    exec(install, names)
    assert names["ROOT"] == tmp_path / "clone"
