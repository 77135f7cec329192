"""The processes at work on a study, so that what one leaves behind when it is killed is found."""

import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from voxnas.records.claim import CLAIM, Watch, claimed
from voxnas.records.holder import DEFAULT_STALE_AFTER_S


class Workers:
    """A registry: each process at work in a folder has a claim in it that ends when it does.

    On another machine that shows after `stale_after_s` without a sign of life.
    """

    def __init__(self, folder: Path, stale_after_s: float = DEFAULT_STALE_AFTER_S) -> None:
        self.folder, self.stale_after_s = folder, stale_after_s
        self._watches: dict[str, Watch] = {}

    @contextmanager
    def present(self) -> Iterator[str]:
        """Be registered while the block lasts, under the name that it is given."""
        name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        try:
            with claimed(self.folder / name, stale_after_s=self.stale_after_s):
                yield name
        finally:
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def is_gone(self, name: str) -> bool:
        """Whether that process has ended, in whatever way."""
        gone = self._watches.setdefault(name, Watch(self.folder / name / CLAIM)).free()
        if gone:
            shutil.rmtree(self.folder / name, ignore_errors=True)
        return gone
