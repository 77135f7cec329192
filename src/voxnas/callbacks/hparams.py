"""A row of TensorBoard's HParams table per run."""

import lightning.pytorch as pl
from lightning.pytorch.loggers import TensorBoardLogger

from voxnas.callbacks.base import RunCallback, amp_module

METRICS = ("best_val_loss", "test_esr", "latency_ms", "parameters", "macs_per_sample", "cpu_rtf")


class HParams(RunCallback):
    """Logs what the candidate is and how it did, so that a sweep can be compared in one table."""

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        network = amp_module(pl_module).network
        params = {"candidate": self.record.candidate, "rung": self.record.rung, "seed": self.record.seed}
        params |= network.summary() | self.record.settings
        metrics = {
            name: float(value) for name in METRICS if (value := getattr(self.record, name)) is not None
        }
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                logger.log_hyperparams(params, metrics)
