"""How much the finished network aliases."""

from collections.abc import Sequence
from dataclasses import asdict

import lightning.pytorch as pl

from voxnas.callbacks.base import RunCallback, amp_module
from voxnas.engine.aliasing import LEVEL_DBFS, measure_aliasing, overall
from voxnas.engine.make import make_engine


class AliasingMeter(RunCallback):
    """Plays sines through the network and records its aliasing-to-signal ratio, see `measure_aliasing`.

    Args:
        pitches: in Hz; None for 24 from a guitar's lowest string to 10 kHz.
        level_dbfs: the sines' peak.
    """

    def __init__(self, pitches: Sequence[float] | None = None, level_dbfs: float = LEVEL_DBFS) -> None:
        self.pitches, self.level_dbfs = pitches, level_dbfs

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        module = amp_module(pl_module)
        network = module.network
        found = measure_aliasing(
            make_engine(network),
            module.sample_rate,
            network.receptive_field,
            self.pitches,
            self.level_dbfs,
            network.period,
        )
        self.record.aliasing = [asdict(at) for at in found]
        self.record.asr = overall(found)
