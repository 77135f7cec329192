"""Processes that run beside a test."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
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


def wait_for(
    condition: Callable[[], bool], process: subprocess.Popen[str] | None = None, seconds: float = 240
) -> None:
    """Return when the condition holds; fail if the process ends before that, or after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert process is None or process.poll() is None, process and process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
