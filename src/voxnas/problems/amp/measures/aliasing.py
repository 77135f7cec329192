"""Callback that measures how much the finished network aliases."""

from collections.abc import Sequence
from dataclasses import asdict

import lightning.pytorch as pl

from voxnas.engine.aliasing import LEVEL_DBFS, measure_aliasing, overall
from voxnas.engine.make import make_engine
from voxnas.problems.amp.module import AmpModule
from voxnas.training.callback import JobCallback


class AliasingMeter(JobCallback):
    """Plays sines through the network and records its aliasing-to-signal ratio, see `measure_aliasing`.

    Args:
        pitches: in Hz; None for 24 from a guitar's lowest string to 10 kHz.
        level_dbfs: the sines' peak.
    """

    def __init__(self, pitches: Sequence[float] | None = None, level_dbfs: float = LEVEL_DBFS) -> None:
        self.pitches, self.level_dbfs = pitches, level_dbfs

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, AmpModule)
        network = pl_module.network
        found = measure_aliasing(
            make_engine(network),
            pl_module.sample_rate,
            network.receptive_field,
            self.pitches,
            self.level_dbfs,
            network.period,
        )
        self.record.details["aliasing"] = [asdict(at) for at in found]
        self.record.metrics["asr"] = overall(found)
