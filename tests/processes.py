"""Services that run beside a test."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def running(
    command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command until the block ends; what it says goes to a file `.out` in the folder."""
    name = next(part for part in reversed(command) if not part.startswith("-") and "/" not in part)
    with (folder / f"{name}.out").open("ab") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            env=os.environ | {"PATH": os.environ.get("PATH", "") + ":/usr/sbin"} | dict(environment or {}),
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
