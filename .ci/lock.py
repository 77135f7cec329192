"""Writes uv.lock again, with the versions of constraints.txt: `make lock`, after a change of what it is from.

uv takes no file of constraints when it locks, but keeps the versions that a lock file has: so it locks first
under the constraints, then without. Settings of this machine do not count, so that the lock file names the
public index and nothing else.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = ("pyproject.toml", "README.md", "LICENSE", "uv.lock")


def main() -> int:
    """uv's exit code; uv.lock is changed only where it is 0."""
    pins = [line.partition("#")[0].strip() for line in (ROOT / "constraints.txt").read_text().splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        for name in PROJECT:
            if (ROOT / name).is_file():
                shutil.copy(ROOT / name, folder)
        project = Path(folder, "pyproject.toml")
        plain = project.read_text()
        constrained = f"constraint-dependencies = {[pin for pin in pins if pin]}"
        for text in (plain.replace("[tool.uv]\n", f"[tool.uv]\n{constrained}\n"), plain):
            project.write_text(text)
            if code := lock(folder):
                return code
        shutil.copy(Path(folder, "uv.lock"), ROOT)
    return 0


def lock(folder: str) -> int:
    """Exit code of `uv lock` there."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("UV_")}
    return subprocess.call([sys.executable, "-m", "uv", "lock", "--no-config"], cwd=folder, env=environment)


if __name__ == "__main__":
    sys.exit(main())
