"""The smallest soak: workers of one study are killed again and again, and all gets done, once."""

import json
import os
import subprocess
import sys

import pytest
from scripts import ROOT

pytestmark = pytest.mark.slow


def test_killed_workers_lose_nothing_and_do_nothing_twice(tmp_path):
    size = ["--kills", "6", "--candidates", "5", "--workers", "2", "--epochs", "8"]
    command = [sys.executable, str(ROOT / "benchmarks/soak.py"), *size, "--json", str(tmp_path / "soak.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, env=os.environ)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads((tmp_path / "soak.json").read_text())
    assert (figures["kills"], figures["amiss"]) == (6, [])
    assert figures["epochs_trained"] - figures["epochs_wasted"] == 5 * 8
