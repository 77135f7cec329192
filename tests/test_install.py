"""Set-up: an environment that uv made is left to uv."""

import importlib.util

import pytest
from scripts import ROOT


@pytest.fixture
def install(tmp_path, monkeypatch):
    found = importlib.util.spec_from_file_location("install", ROOT / "install.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    for name in ("VENV", "STAMP", "PYTHON"):
        there = getattr(module, name).relative_to(ROOT / ".venv")
        monkeypatch.setattr(module, name, tmp_path / ".venv" / there)
    return module


def test_what_uv_made_is_left_to_it(install):
    install.VENV.mkdir()
    (install.VENV / "pyvenv.cfg").write_text("home = /usr/bin\nuv = 0.13.9\n")
    assert install.main([]) == 0
    assert install.main(["live"]).endswith("uv sync --locked --extra dev --extra live")
    assert [path.name for path in install.VENV.iterdir()] == ["pyvenv.cfg"]
