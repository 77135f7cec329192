"""Keeps the run's record up to date, epoch by epoch."""

import lightning.pytorch as pl
from lightning.pytorch.trainer.states import TrainerFn

from voxnas.callbacks.base import RunCallback, amp_module
from voxnas.callbacks.history import History


class RunRecord(History, RunCallback):
    """Writes the losses of every epoch."""

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Before the checkpoints of this epoch are written, which hold this record's history."""
        if trainer.sanity_checking or trainer.state.fn != TrainerFn.FITTING:
            return
        figures = trainer.callback_metrics
        self.record.history.append(
            {
                "epoch": trainer.current_epoch,
                "val_esr": float(figures["val/esr"]),
                "seconds": self.epoch_seconds(),
            }
        )

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.record.history:
            self.record.history[-1]["train_loss"] = amp_module(pl_module).epoch_loss()
        self.summarise()
        self.record.write(self.folder)

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.summarise()  # a run that was cut after its last epoch has no epoch end any more
        self.record.test_esr = float(trainer.callback_metrics["test/esr"])
        self.record.test_mrstft = float(trainer.callback_metrics["test/mrstft"])

    def summarise(self) -> None:
        """The record's figures of training, from its history."""
        history = self.record.history
        if not history:
            return
        best = min(history, key=lambda epoch: epoch["val_esr"])
        self.record.best_val_loss, self.record.best_epoch = best["val_esr"], int(best["epoch"])
        self.record.best_train_loss = min(
            (e["train_loss"] for e in history if "train_loss" in e), default=None
        )
        self.record.epochs = len(history)
        self.record.train_seconds = sum(epoch["seconds"] for epoch in history)
