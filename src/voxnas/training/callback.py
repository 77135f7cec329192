"""Lightning callbacks that add what they find out to the run's record."""

from collections.abc import Iterable
from pathlib import Path

import lightning.pytorch as pl
from lightning.pytorch.loggers import Logger

from voxnas.records.record import Record


class JobCallback(pl.Callback):
    """Callback that knows the record and the folder of its job.

    What a finished network is asked goes into `on_test_end`, when the best weights are loaded; callbacks run
    in the order of the config, so each may read what the ones before it have recorded.
    """

    record: Record
    folder: Path

    def attach(self, record: Record, folder: Path) -> None:
        """Give the callback the record to fill and the folder to write to; before the fit."""
        self.record, self.folder = record, folder

    def is_measured(self, record: Record) -> bool:
        """Whether a finished run's record has what this callback measures, measured as it would be now."""
        return True

    def on_unfinished(self, record: Record, loggers: Iterable[Logger]) -> None:
        """Take note of a run that ended before it was trained to the end."""
