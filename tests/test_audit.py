"""`make audit`: known vulnerabilities of the pins are named, and where nobody can be asked a line says so."""

import importlib.util
import json
import subprocess
from types import ModuleType

import pytest
from scripts import ROOT

CLEAN = {"name": "numpy", "version": "2", "vulns": []}
FAULT = {"id": "PYSEC-1", "fix_versions": ["3.1", "4"], "aliases": [], "description": ""}
FAULTY = {"name": "torch", "version": "1", "vulns": [FAULT]}
SKIPPED = {"name": "rich", "skip_reason": "Dependency not found on PyPI"}


@pytest.fixture
def audit(monkeypatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", ROOT / ".ci/audit.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def answered(monkeypatch, out: str, err: str = "") -> None:
    done = subprocess.CompletedProcess([], 0, out, err)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)


@pytest.mark.parametrize(
    ("packages", "code", "said"),
    [
        ([CLEAN, SKIPPED], 0, "audit: 1 of 2 pins, 0 known faults"),
        ([CLEAN, FAULTY], 1, "torch 1: PYSEC-1, mended in 3.1, 4"),
        ([SKIPPED], 0, "audit: skipped, for the database of vulnerabilities cannot be reached"),
    ],
)
def test_what_is_found_is_said(audit, monkeypatch, capsys, packages, code, said):
    answered(monkeypatch, json.dumps({"dependencies": packages, "fixes": []}))
    assert audit.main() == code
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        ("requests.exceptions.ConnectionError: no route", 0, "audit: skipped"),
        ("python: No module named pip_audit", 2, "pip-audit is not installed; run make setup"),
    ],
)
def test_where_it_cannot_be_asked_a_line_says_so(audit, monkeypatch, capsys, error, code, said):
    answered(monkeypatch, "", error)
    assert audit.main() == code
    out, err = capsys.readouterr()
    assert said in out + err
