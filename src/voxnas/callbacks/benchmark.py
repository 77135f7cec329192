"""What the finished network costs on this CPU."""

from collections.abc import Sequence
from dataclasses import asdict

import lightning.pytorch as pl

from voxnas.callbacks.base import RunCallback, amp_module
from voxnas.engine.benchmark import benchmark_blocks
from voxnas.engine.make import make_engine


class Benchmark(RunCallback):
    """Streams blocks through the network on one thread and records the figures.

    Args:
        block_sizes: in samples; the first one's figures are the record's `cpu_*`, all are in `benchmarks`.
        blocks: timed blocks per size.
        engine: see `make_engine`.
    """

    def __init__(
        self, block_sizes: Sequence[int] = (512, 64), blocks: int = 200, engine: str = "auto"
    ) -> None:
        self.block_sizes, self.blocks, self.engine = tuple(block_sizes), blocks, engine

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        module = amp_module(pl_module)
        engine = make_engine(module.network, self.engine)
        timings = benchmark_blocks(engine, module.sample_rate, self.block_sizes, blocks=self.blocks)
        self.record.benchmarks = [asdict(timing) for timing in timings]
        first = timings[0]
        self.record.block_size, self.record.engine = first.block_size, first.engine
        self.record.cpu_mean_ms, self.record.cpu_median_ms = first.mean_ms, first.median_ms
        self.record.cpu_p99_ms, self.record.cpu_max_ms = first.p99_ms, first.max_ms
        self.record.cpu_rtf, self.record.cpu_realtime_capable = first.rtf, first.realtime_capable
