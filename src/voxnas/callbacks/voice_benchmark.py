"""Callback that measures what a finished network that rings by itself costs on this CPU."""

import lightning.pytorch as pl

from voxnas.records.record import measured
from voxnas.search.cost.base import CostUnknown
from voxnas.search.cost.voice import VoiceCost
from voxnas.training.callback import JobCallback


class VoiceBenchmark(JobCallback):
    """Records the share of real time that a voice takes; without a compiler there is none.

    Args:
        block_size, blocks: see `VoiceCost`.
    """

    def __init__(self, block_size: int = 64, blocks: int = 200) -> None:
        self.meter = VoiceCost(block_size, blocks)

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        try:
            told = self.meter.cost(pl_module.network, self.record.shape)
        except CostUnknown:
            return
        conditions = {key: value for key, value in told.conditions.items() if key != "cpu_flags"}
        kept = {name: cost for name, cost in self.record.cost.items() if name not in told.figures}
        self.record.cost = kept | measured(told.figures, **conditions)
