"""Stops a run whose ESR has come to the noise of its recording: nobody can model what is left."""

import logging
from typing import Any

import lightning.pytorch as pl

log = logging.getLogger(__name__)


class StopAtFloor(pl.Callback):
    """Ends training after the epoch whose validation ESR is down at the recording's noise floor.

    The floor is `noise_floor_esr` of the data's figures; without one nothing is stopped.

    Args:
        margin: times the floor that the ESR may be; it comes near to it from above.
    """

    def __init__(self, margin: float = 1.05) -> None:
        self.margin = margin
        self._floor: float | None = None

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        figures: dict[str, float] = getattr(trainer.datamodule, "figures", dict)()  # type: ignore[attr-defined]
        self._floor = figures.get("noise_floor_esr")

    def on_validation_end(self, trainer: pl.Trainer, *_: Any) -> None:
        score = trainer.callback_metrics.get("val/score")
        if self._floor is None or score is None or trainer.sanity_checking:
            return
        if float(score) <= self.margin * self._floor:
            trainer.should_stop = True
            log.info(
                "ESR %.3g is down at the noise of the recording (%.3g): stopped; "
                "callbacks.stop_at_floor=null trains on",
                float(score),
                self._floor,
            )
