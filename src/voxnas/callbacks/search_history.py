"""Keeps the record of a differentiable search up to date, epoch by epoch."""

import lightning.pytorch as pl

from voxnas.callbacks.history import History
from voxnas.records.search_record import SearchRecord
from voxnas.search.darts.module import DartsModule


class SearchHistory(History):
    """Writes every epoch's figures."""

    record: SearchRecord

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
                "seconds": self.epoch_seconds(),
            }
        )

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.record.summarise()
        self.record.write(self.folder)
