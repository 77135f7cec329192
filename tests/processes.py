"""Services that run beside a test."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def running(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    user: str | None = None,
    stop: signal.Signals = signal.SIGTERM,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command as that user until the block ends; what it says goes to a file `.out` in the folder."""
    name = next(part for part in reversed(command) if not part.startswith("-") and "/" not in part)
    with (folder / f"{name}.out").open("ab") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            user=user,
            env=os.environ | {"PATH": os.environ.get("PATH", "") + ":/usr/sbin"} | dict(environment or {}),
        )
    try:
        yield process
    finally:
        process.send_signal(stop)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
