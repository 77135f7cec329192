"""What the finished network costs on this CPU, or in the plug-in."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import lightning.pytorch as pl

from voxnas.callbacks.base import RunCallback, amp_module
from voxnas.engine.benchmark import BLOCK_SIZES
from voxnas.engine.measure import Meter
from voxnas.export.nam import write_nam


class Benchmark(RunCallback):
    """Streams blocks through the network on one thread, or asks another program, and records the figures.

    Args:
        block_sizes: in samples; the first one's figures are the record's `cpu_*`, all are in `benchmarks`.
        blocks: timed blocks per size.
        engine, command, profile_build: see `Meter`.
    """

    def __init__(
        self,
        block_sizes: Sequence[int] = BLOCK_SIZES,
        blocks: int = 200,
        engine: str = "auto",
        command: Mapping[str, Any] | None = None,
        profile_build: str = "default",
    ) -> None:
        self.meter = Meter(engine, block_sizes, blocks, command, profile_build)

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Before hours of training for a figure that cannot be had."""
        self.meter.check(amp_module(pl_module).network)

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        module = amp_module(pl_module)
        timings = self.meter.measure(
            module.network,
            module.sample_rate,
            lambda path: write_nam(module.network, path, module.sample_rate),
        )
        self.record.benchmarks = [asdict(timing) for timing in timings]
        first = timings[0]
        self.record.block_size, self.record.engine = first.block_size, first.engine
        self.record.cpu_mean_ms, self.record.cpu_median_ms = first.mean_ms, first.median_ms
        self.record.cpu_p99_ms, self.record.cpu_max_ms = first.p99_ms, first.max_ms
        self.record.cpu_rtf, self.record.cpu_realtime_capable = first.rtf, first.realtime_capable
