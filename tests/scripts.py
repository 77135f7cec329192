"""The scripts as a user runs them, each in a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]


class Result(NamedTuple):
    """How a script ended, and what it said."""

    code: int
    out: str
    err: str


def start_script(
    name: str,
    *arguments: str,
    log_dir: Path,
    prefix: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    own_group: bool = False,
) -> subprocess.Popen[str]:
    """Start src/<name>.py as a user does, with its results in `log_dir`; `prefix` goes before the command.

    In a process group of its own, its processes can be signalled together, as a terminal does.
    """
    own = {"VOXNAS_LOG_DIR": str(log_dir), "OMP_NUM_THREADS": "1", "COLUMNS": "140"}
    log_dir.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(
        [*prefix, sys.executable, str(ROOT / "src" / f"{name}.py"), *arguments],
        cwd=log_dir,
        env=os.environ | own | dict(environment or {}),
        text=True,
        start_new_session=own_group,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # a shell that runs the tests in the background has children ignore Ctrl-C
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def run_script(
    name: str,
    *arguments: str,
    log_dir: Path,
    prefix: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Result:
    """Run src/<name>.py in a process of its own to its end."""
    process = start_script(name, *arguments, log_dir=log_dir, prefix=prefix, environment=environment)
    out, err = process.communicate(timeout=300)
    return Result(process.returncode, out, err)
