"""Callback that keeps the run's record up to date, epoch by epoch."""

import time
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.trainer.states import TrainerFn

from voxnas.training.callback import JobCallback

TEST = "test/"  # what a module logs under it when it is tested becomes a metric of the record


class RunRecord(JobCallback):
    """Writes the figures of every epoch; the history survives interruption with the checkpoints."""

    def state_dict(self) -> dict[str, Any]:
        return {"history": self.record.history}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.record.history = list(state_dict["history"])

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._epoch_start = time.monotonic()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Before the checkpoints of this epoch are written, which hold this record's history."""
        if trainer.sanity_checking or trainer.state.fn != TrainerFn.FITTING:
            return
        score = {"epoch": trainer.current_epoch, "score": float(trainer.callback_metrics["val/score"])}
        seconds = {"seconds": time.monotonic() - self._epoch_start}
        self.record.history.append(score | _own_figures(pl_module) | seconds)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        if self.record.history and hasattr(pl_module, "epoch_loss"):
            self.record.history[-1]["train_loss"] = pl_module.epoch_loss()
        self.record.summarise()
        self.record.write(self.folder)

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.record.summarise()  # a run that was cut after its last epoch has no epoch end any more
        for name, value in trainer.callback_metrics.items():
            if name.startswith(TEST):
                self.record.metrics[f"test_{name.removeprefix(TEST)}"] = float(value)


def _own_figures(module: Any) -> dict[str, float]:
    """Figures that a module wants to have in the history beside its score."""
    figures: dict[str, float] = module.epoch_figures() if hasattr(module, "epoch_figures") else {}
    return figures
