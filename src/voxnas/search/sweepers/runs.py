"""The runs of a study's rungs as they lie on disk, whichever process trains them."""

from collections.abc import Sequence
from pathlib import Path

from voxnas.records.claim import CLAIM, Watch
from voxnas.records.record import FILE_NAME, Record

DONE = ("ok", "rejected")


class Runs:
    """The runs on disk of each candidate on each rung.

    Args:
        rungs: the folders of the rungs.
        since_ns: a record that is written after that is another process's of the same sweep; an older one may
            be of other settings, which shows when the candidate is run again.
    """

    def __init__(self, rungs: Sequence[Path], since_ns: int) -> None:
        self.rungs, self._since_ns = rungs, since_ns
        self._watches: dict[Path, Watch] = {}
        self._seen: dict[Path, int] = {}

    def folder(self, rung: int, name: str) -> Path:
        return self.rungs[rung] / name

    def is_free(self, rung: int, name: str) -> bool:
        """Whether no process holds the run; what a dead one left is freed."""
        folder = self.folder(rung, name)
        return self._watches.setdefault(folder, Watch(folder / CLAIM)).free()

    def finished(self, rung: int, name: str) -> Record | None:
        """The record that another process wrote at the end of the run since this one began."""
        file = self.folder(rung, name) / FILE_NAME
        try:
            written_ns = file.stat().st_mtime_ns
        except FileNotFoundError:
            return None
        if written_ns < self._since_ns or self._seen.get(file) == written_ns:
            return None
        record = Record.read(file)
        self._seen[file] = written_ns
        return record if record.status in DONE else None

    def told(self, rung: int, name: str) -> Record | None:
        """The record of a run that is known to be over, if it is still there."""
        file = self.folder(rung, name) / FILE_NAME
        return Record.read(file) if file.exists() else None
