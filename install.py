"""Makes .venv and installs voxnas in it under constraints.txt: `python install.py [EXTRA ...]`.

Runs on every system, by any Python from 3.8 on, so that one that is too old or too new is told so. Safe to
run again; does nothing when nothing changed. setup.sh sees to packages of Linux and macOS before.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / ".installed"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
FIRST, LAST = (3, 10), (3, 13)
SHAPED_BY = ("pyproject.toml", "constraints.txt", "install.py")


def main(extras: list[str]) -> int | str:
    """0, or one line on why it cannot be."""
    if "uv = " in made_by() and not STAMP.is_file():
        return by_uv(extras)
    wanted = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in SHAPED_BY)).hexdigest()
    before, installed = STAMP.read_text().split("\n")[:2] if STAMP.is_file() else ("", "")
    compiler = ["zig"] if os.name == "nt" else []  # there hardly anyone has one
    # What is installed already stays installed when fewer extras are asked for
    extras = list(dict.fromkeys(["dev", *compiler, *filter(None, installed.split(",")), *extras]))
    if before == wanted and set(extras) <= set(installed.split(",")):
        return 0
    if not PYTHON.exists() and (problem := make_venv()):
        return f"install.py: {problem}"
    print("setting up .venv (the first time takes a few minutes) ...", flush=True)
    # torch before the rest, so that nothing pulls another one. On Linux the plain wheel brings CUDA along;
    # where a CPU wheel is to be had under the same version, point pip to it (PIP_EXTRA_INDEX_URL).
    # torchaudio alone: its wheels ask for the torch of their own release, and work with this one.
    for what in (["torch"], ["--no-deps", "torchaudio"], ["-e", f".[{','.join(extras)}]"]):
        if pip("install", "-c", "constraints.txt", *what):
            return f"install.py: pip could not install {what[-1]}; the lines above say why"
    # of an earlier .venv: it wants an Optuna before 3, and its configs have the names of ours
    pip("uninstall", "-y", "hydra-optuna-sweeper", stderr=subprocess.DEVNULL)
    STAMP.write_text(f"{wanted}\n{','.join(extras)}\n")
    print("done: .venv is ready")
    return 0


def made_by() -> str:
    """What .venv says of its making; nothing where there is none."""
    said = VENV / "pyvenv.cfg"
    return said.read_text() if said.is_file() else ""


def by_uv(extras: list[str]) -> int | str:
    """0: what `uv sync` made is left to it. For extras, the line that adds them."""
    more = " ".join(f"--extra {extra}" for extra in ["dev", *extras])
    return f"install.py: uv made this .venv, and adds to it: uv sync --locked {more}" if extras else 0


def make_venv() -> str | None:
    """Why there can be none; None where it was made."""
    if not FIRST <= sys.version_info[:2] <= LAST:
        this = f"{sys.executable} is {'.'.join(map(str, sys.version_info[:3]))}"
        return f"Python 3.10 to 3.13 is needed (Hydra does not start on 3.14), {this}; use another"
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return "no venv module; install it (Debian, Ubuntu: sudo apt-get install python3-venv)"
    failed = subprocess.call([sys.executable, "-m", "venv", str(VENV)])
    return "no .venv could be made; the lines above say why" if failed else None


def pip(*arguments: str, stderr: int | None = None) -> int:
    """Exit code of .venv's pip, as a module: its script breaks where a path is long or has spaces."""
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    return subprocess.call(command, cwd=ROOT, stderr=stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
