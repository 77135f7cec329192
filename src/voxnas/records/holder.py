"""The file of a claim: who wrote it, whether that process lives, and making, reading and deleting it."""

import functools
import json
import os
import secrets
import socket
import sys
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

DEFAULT_STALE_AFTER_S = 60.0


@dataclass(frozen=True)
class Holder:
    """Holder of a claim as its file names it, and when it was last touched."""

    token: str
    host: str
    place: str  # where its pid means something: one start of one kernel; empty where the system does not tell
    pid: int
    started: str | None  # of the process, in ticks of the kernel: a pid may be used again
    stale_after_s: float
    touched_ns: int  # by the clock of the file system

    def is_here(self) -> bool:
        """Whether this process can tell if that one lives."""
        return bool(self.place) and self.place == _place()

    def is_gone(self) -> bool:
        """Whether the process is known to have ended; never of another machine's."""
        return self.is_here() and not _runs(self.pid, self.started)


def create(path: Path, stale_after_s: float) -> str | None:
    """Claim `path` for this process: the claim's token, or None if it is there already."""
    try:
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    except FileExistsError:
        return None
    token = secrets.token_hex(4)
    values = {
        "token": token,
        "host": socket.gethostname(),
        "place": _place(),
        "pid": os.getpid(),
        "started": _start_of(os.getpid()),
        "stale_after_s": stale_after_s,
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),  # for people
    }
    try:
        os.write(file, json.dumps(values).encode())
    except OSError as error:  # a full disk
        path.unlink(missing_ok=True)
        error.filename = os.fspath(path)
        raise
    finally:
        os.close(file)
    return token


def read(path: Path) -> Holder | None:
    """Holder of a claim; nameless while it is being written, or if it never was to its end."""
    try:
        with path.open("rb") as file:  # a network folder tells the latest to whoever opens
            content, touched_ns = file.read(), os.fstat(file.fileno()).st_mtime_ns
    except FileNotFoundError:
        return None
    try:
        values = json.loads(content)
        del values["since"]
        return Holder(**values, touched_ns=touched_ns)
    except (ValueError, TypeError, KeyError):
        return Holder("", "", "", 0, None, DEFAULT_STALE_AFTER_S, touched_ns)


def delete(path: Path, token: str) -> None:
    """Remove a claim if it is still the one meant."""
    with suppress(OSError):
        found = read(path)
        if found is not None and found.token == token:
            path.unlink()


def _runs(pid: int, started: str | None) -> bool:
    """Whether a process of this machine lives and is the one that was started then."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        pass
    start = _start_of(pid)
    return start is None or start == started


def _start_of(pid: int) -> str | None:
    """Start of a process; empty if all that is left is its exit code; None where that is hidden."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return "" if state in "ZX" else fields[18]
    except (OSError, ValueError, IndexError):
        return None


@functools.cache
def _place() -> str:
    if sys.platform == "darwin":
        return f"{socket.gethostname()} {uuid.getnode()}"
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"  # containers have numbers of their own
    except OSError:
        return ""
