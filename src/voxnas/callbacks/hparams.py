"""A row of TensorBoard's HParams table per run."""

from collections.abc import Iterable

import lightning.pytorch as pl
from lightning.pytorch.loggers import Logger, TensorBoardLogger

from voxnas.callbacks.base import RunCallback
from voxnas.records.record import Record

SHAPE = ("candidate", "rung", "status", "seed", "num_layers", "channels", "kernel_size", "receptive_field")
METRICS = (
    *("best_val_loss", "test_esr", "latency_ms", "parameters", "macs_per_sample"),
    *("cpu_rtf", "asr", "train_seconds"),
)


class HParams(RunCallback):
    """Logs what the candidate is and how it did, so that a sweep can be compared in one table."""

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        log_trial(self.record, trainer.loggers, status="ok")


def log_trial(record: Record, loggers: Iterable[Logger], status: str | None = None) -> None:
    """Add a run to the table, also one that was rejected or failed: `status` is the record's if not given."""
    params = {name: getattr(record, name) for name in SHAPE} | record.settings
    params |= {"status": status or record.status, "reason": record.reason or ""}
    metrics = {name: float(value) for name in METRICS if (value := getattr(record, name)) is not None}
    for logger in loggers:
        if isinstance(logger, TensorBoardLogger):
            logger.log_hyperparams(params, metrics)
            logger.save()
