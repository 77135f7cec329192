"""Keeps the record of a differentiable search up to date, epoch by epoch."""

import time
from typing import Any

import lightning.pytorch as pl

from voxnas.callbacks.base import JobCallback
from voxnas.records.search_record import SearchRecord
from voxnas.search.darts.module import DartsModule


class SearchHistory(JobCallback):
    """Writes every epoch's figures; survives interruption with the checkpoint that it is saved in."""

    record: SearchRecord

    def state_dict(self) -> dict[str, Any]:
        return {"history": self.record.history}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.record.history = list(state_dict["history"])

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._epoch_start = time.monotonic()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Before the checkpoints of this epoch are written, which hold this record's history."""
        if trainer.sanity_checking:
            return
        assert isinstance(pl_module, DartsModule)
        self.record.history.append(
            {
                "epoch": trainer.current_epoch,
                "val_esr": float(trainer.callback_metrics["val/esr"]),
                **pl_module.epoch_figures(),
                "seconds": time.monotonic() - self._epoch_start,
            }
        )

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.record.summarise()
        self.record.write(self.folder)
