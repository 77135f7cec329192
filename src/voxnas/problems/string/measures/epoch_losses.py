"""Callback that shows in TensorBoard how the losses of a search's runs fell, their settings beside."""

from collections.abc import Iterable

import lightning.pytorch as pl
from lightning.pytorch.loggers import Logger, TensorBoardLogger

from voxnas.problems.string.report.losses import losses_plot, runs_of
from voxnas.records.record import Record
from voxnas.training.callback import JobCallback


class EpochLosses(JobCallback):
    """Adds `epoch_loss`: the curve of this run and of those beside it so far, with what sets them apart."""

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._show(self.record, trainer.loggers)

    def on_unfinished(self, record: Record, loggers: Iterable[Logger]) -> None:
        if record.history:
            self._show(record, loggers)

    def _show(self, record: Record, loggers: Iterable[Logger]) -> None:
        boards = [logger for logger in loggers if isinstance(logger, TensorBoardLogger)]
        if not boards:
            return
        runs = runs_of([self.folder.parent]) if hasattr(self, "folder") else []
        figure = losses_plot(runs or [record])
        for board in boards:
            board.experiment.add_figure("epoch_loss", figure, global_step=len(runs))
            board.save()
