"""Who works on a study, so that what a process leaves behind when it is killed is found by the others."""

import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


class Crew:
    """The processes at work in a folder, each with a lock that ends when it does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def joined(self) -> Iterator[str]:
        """Work under a name of one's own."""
        name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._path(name))
        with lock:
            try:
                yield name
            finally:
                self._path(name).unlink(missing_ok=True)

    def is_gone(self, name: str) -> bool:
        """Whether that process has ended, in whatever way."""
        path = self._path(name)
        if not path.exists():
            return True
        try:
            with FileLock(path, timeout=0):
                path.unlink(missing_ok=True)
                return True
        except Timeout:
            return False

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.lock"
