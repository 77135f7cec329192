"""Callback that adds a row of TensorBoard's HParams table per run."""

from collections.abc import Iterable, Sequence

import lightning.pytorch as pl
from lightning.pytorch.loggers import Logger, TensorBoardLogger

from voxnas.problems.base import Problem
from voxnas.records.record import Record
from voxnas.training.callback import JobCallback


class HParams(JobCallback):
    """Logs what the candidate is and how it did, so that a sweep can be compared in one table.

    Args:
        shape, metrics: figures of the record that say the one and the other.
        problem: names the score's column.
    """

    def __init__(self, shape: Sequence[str], metrics: Sequence[str], problem: Problem) -> None:
        self.shape, self.metrics, self.problem = list(shape), list(metrics), problem

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.add_row(self.record, trainer.loggers, status="ok")

    def on_unfinished(self, record: Record, loggers: Iterable[Logger]) -> None:
        self.add_row(record, loggers)

    def add_row(self, record: Record, loggers: Iterable[Logger], status: str | None = None) -> None:
        """Add a run to the table, a rejected or failed one too; `status` is the record's by default."""
        params = {name: record.value(name) for name in ("candidate", "rung", "status", "seed", *self.shape)}
        params |= record.settings | {"status": status or record.status, "reason": record.reason or ""}
        named = {name: self.problem.column(name) for name in self.metrics}
        known = {named[n]: float(v) for n in self.metrics if (v := record.value(n)) is not None}
        for logger in loggers:
            if isinstance(logger, TensorBoardLogger):
                logger.log_hyperparams(params, known)
                logger.save()
