"""Who works on a study, so that what a process leaves behind when it is killed is found by the others."""

import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from voxnas.records.claim import CLAIM, Watch, claimed


class Crew:
    """The processes at work in a folder, each with a claim that ends when it does, or some time after."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._watches: dict[str, Watch] = {}

    @contextmanager
    def joined(self) -> Iterator[str]:
        """Work under a name of one's own."""
        name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        try:
            with claimed(self.folder / name):
                yield name
        finally:
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def is_gone(self, name: str) -> bool:
        """Whether that process has ended; of one on another machine that shows only after a while."""
        gone = self._watches.setdefault(name, Watch(self.folder / name / CLAIM)).free()
        if gone:
            shutil.rmtree(self.folder / name, ignore_errors=True)
        return gone
