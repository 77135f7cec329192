"""A callback that keeps the history in a job's record, epoch by epoch."""

import time
from typing import Any

import lightning.pytorch as pl

from voxnas.callbacks.base import JobCallback


class History(JobCallback):
    """The history survives interruption with the checkpoint that it is saved in."""

    def state_dict(self) -> dict[str, Any]:
        return {"history": self.record.history}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.record.history = list(state_dict["history"])

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._epoch_start = time.monotonic()

    def epoch_seconds(self) -> float:
        """Since the epoch began."""
        return time.monotonic() - self._epoch_start
