"""The smoke study on the oldest and the newest Python that is promised, each installed from uv.lock.

Interpreters are those that uv finds on this machine; `uv python install 3.10 3.13` fetches them where it can.
A line says what was left out: a Python that is not here, or packages that cannot be reached. Exit code 1 if a
study fails. On Linux a first call fetches PyTorch with CUDA, a few gigabytes for each Python.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UV = [sys.executable, "-m", "uv"]
OFFLINE = re.compile(r"dns error|failed to fetch|timed out|connect", re.IGNORECASE)


def main() -> int:
    said = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', (ROOT / "pyproject.toml").read_text())
    assert said is not None
    failed = 0
    for minor in (int(said[1]), int(said[2]) - 1):
        with tempfile.TemporaryDirectory() as folder:
            trouble = study(f"3.{minor}", Path(folder))
        print(f"Python 3.{minor}: {trouble or 'the smoke study ran'}", flush=True)
        failed += bool(trouble) and not trouble.startswith("left out")
    return int(failed > 0)


def study(python: str, folder: Path) -> str:
    """What went wrong, or why it was left out; nothing where all is well."""
    found = call([*UV, "python", "find", "--no-python-downloads", "--no-project", python])
    if found.returncode:
        return "left out, for it is not installed"
    there = {"UV_PROJECT_ENVIRONMENT": str(folder / "venv")}
    interpreter = found.stdout.strip()
    synced = call([*UV, "sync", "--locked", "--no-install-project", "--python", interpreter], there)
    if synced.returncode and OFFLINE.search(synced.stderr):
        return "left out, for no package index can be reached"
    if synced.returncode:
        return synced.stderr.strip()
    own = folder / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    paths = {"PYTHONPATH": str(ROOT / "src"), "VOXNAS_LOG_DIR": str(folder / "logs")}
    ran = call([str(own), "-m", "voxnas", "smoke"], paths)
    return ran.stderr.strip()[-2000:] if ran.returncode else ""


def call(command: list[str], more: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | (more or {})
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


if __name__ == "__main__":
    sys.exit(main())
