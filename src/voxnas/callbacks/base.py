"""A Lightning callback that adds what it finds out to the run's record."""

from pathlib import Path
from typing import Any

import lightning.pytorch as pl

from voxnas.records.record import Record
from voxnas.training.module import AmpModule


class JobCallback(pl.Callback):
    """Knows the record and the folder of the job that it is called in."""

    record: Any
    folder: Path

    def attach(self, record: Any, folder: Path) -> None:
        """Give the callback the record to fill and the folder to write to; before the fit."""
        self.record, self.folder = record, folder


class RunCallback(JobCallback):
    """A callback of a candidate's run.

    What a finished network is asked goes into `on_test_end`, when the best weights are loaded; callbacks run
    in the order of the config, so each may read what the ones before it have recorded.
    """

    record: Record


def amp_module(module: pl.LightningModule) -> AmpModule:
    """The module as what it is in this project."""
    if not isinstance(module, AmpModule):
        raise TypeError(f"these callbacks work on an AmpModule, not on {type(module).__name__}")
    return module
