"""The constraints can be met on every Python and system that the project promises."""

import os
import re
import subprocess
import sys
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
