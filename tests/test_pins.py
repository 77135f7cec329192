"""The pins can be met on every Python and system that the project promises; the lock file has the same."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripts import ROOT

PYTHONS = ("3.10", "3.11", "3.12", "3.13")
SYSTEMS = ("linux", "windows", "macos")
UV = Path(sys.executable).with_name("uv")
OFFLINE = re.compile(r"dns error|failed to fetch|timed out|connect", re.IGNORECASE)


def test_the_promised_pythons_are_the_tested_ones():
    said = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', (ROOT / "pyproject.toml").read_text())
    assert said is not None
    first, end = map(int, said.groups())
    assert [f"3.{minor}" for minor in range(first, end)] == [*PYTHONS]
    assert f"Python {PYTHONS[0]} to {PYTHONS[-1]} is needed" in (ROOT / "install.py").read_text()


@pytest.mark.slow
@pytest.mark.skipif(not UV.exists(), reason="uv is not installed beside this Python")
@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_the_constraints_can_be_met(python, system):
    done = subprocess.run(
        [
            UV, "pip", "compile", "--quiet", "pyproject.toml", "--extra", "dev",
            "--constraints", "constraints.txt", "--python-version", python, "--python-platform", system,
        ],
        cwd=ROOT,
        env={**os.environ, "MACOSX_DEPLOYMENT_TARGET": "14.0"},  # what PyTorch's wheels want
        capture_output=True,
        text=True,
    )  # fmt: skip
    if done.returncode and OFFLINE.search(done.stderr):
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr
    assert "torch==2.13.0" in done.stdout


def name_and_version(pin: str) -> tuple[str, str]:
    name, version = pin.partition(";")[0].strip().split("==")
    return re.sub(r"[-_.]+", "-", name).lower(), version


def pinned() -> Iterator[tuple[str, str]]:
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if pin := line.partition("#")[0].strip():
            yield name_and_version(pin)


def test_the_lock_file_has_the_versions_of_the_constraints():
    lock = (ROOT / "uv.lock").read_text()
    locked = set(re.findall(r'^\[\[package\]\]\nname = "(.*?)"\nversion = "(.*?)"', lock, re.MULTILINE))
    assert len(locked) > 100
    assert [pin for pin in pinned() if pin not in locked] == []


def test_the_lock_file_names_the_public_index_alone_and_hashes_all_that_comes_from_it():
    lock = (ROOT / "uv.lock").read_text()
    assert set(re.findall(r"\w+://([^/\"]+)", lock)) == {"pypi.org", "files.pythonhosted.org"}
    assert set(re.findall(r'registry = "(.*?)"', lock)) == {"https://pypi.org/simple"}
    files = [line for line in lock.splitlines() if "{ url = " in line]
    assert files
    assert [line for line in files if 'hash = "sha256:' not in line] == []


@pytest.mark.slow
@pytest.mark.skipif(not UV.exists(), reason="uv is not installed beside this Python")
@pytest.mark.parametrize("extras", [[], ["--extra", "dev"], ["--all-extras"]], ids=["", "dev", "all"])
def test_uv_installs_from_the_lock_file(tmp_path, extras):
    kept = {key: value for key, value in os.environ.items() if not key.startswith("UV_")}
    done = subprocess.run(
        [UV, "sync", "--locked", "--no-config", "--dry-run", "--project", ROOT, *extras],
        env={**kept, "UV_PROJECT_ENVIRONMENT": str(tmp_path / "venv")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    if done.returncode and OFFLINE.search(done.stderr):
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr
    assert "torch==2.13.0" in done.stderr
