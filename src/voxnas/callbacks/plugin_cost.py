"""Callback that tells what the finished network costs in the plug-in's engine, beside what was measured."""

import lightning.pytorch as pl

from voxnas.callbacks.streaming import streaming
from voxnas.engine.cost.profile import BLOCK_SIZE, engine_name, plugin_cost
from voxnas.records.record import Record, measured
from voxnas.training.callback import JobCallback
from voxnas.utils.errors import InputError

FIGURE = "plugin_rtf"


class PluginCost(JobCallback):
    """Cost in the Neural Amp Modeler plug-in's engine in blocks of 64, by the cost model; nothing where that
    does not cover the network.

    Args:
        build: of the engine, "default" or "avx512".
    """

    def __init__(self, build: str = "default") -> None:
        self.build, self.engine = build, engine_name(build)

    def is_measured(self, record: Record) -> bool:
        """Whether the record has the figure by this cost model; one without it is left as it is."""
        known = record.cost.get(FIGURE)
        return known is None or known.get("engine") == self.engine

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        module = streaming(pl_module)
        self.record.cost.pop(FIGURE, None)
        try:
            cost = plugin_cost(module.network.architecture(), self.build)
        except InputError:
            return
        conditions = {"block_size": BLOCK_SIZE, "engine": self.engine, "basis": cost.basis}
        self.record.cost |= measured({FIGURE: cost.at(module.sample_rate)}, **conditions)
