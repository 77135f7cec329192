"""Callback that measures what the finished network costs on this CPU, or in the plug-in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import lightning.pytorch as pl

from voxnas.callbacks.streaming import streaming
from voxnas.engine.benchmark import BLOCK_SIZES
from voxnas.engine.make import KINDS
from voxnas.engine.measure import Meter
from voxnas.engine.timing import Timing
from voxnas.records.record import Record, measured
from voxnas.training.callback import JobCallback

OWN = "cpu_"  # what the names of its figures begin with


class Benchmark(JobCallback):
    """Streams blocks through the network on one thread, or asks another program, and records the figures.

    Args:
        block_sizes: in samples; the first one's figures are the record's `cpu_*`, all are in its details.
        blocks: timed blocks per size.
        engine, command, profile_build, write_model: see `Meter`.
    """

    def __init__(
        self,
        block_sizes: Sequence[int] = BLOCK_SIZES,
        blocks: int = 200,
        engine: str = "auto",
        command: Mapping[str, Any] | None = None,
        profile_build: str = "default",
        write_model: Callable[..., object] | None = None,
    ) -> None:
        self.meter = Meter(engine, block_sizes, blocks, command, profile_build, write_model=write_model)

    def is_measured(self, record: Record) -> bool:
        """Whether the record has these block sizes, by this engine with these settings.

        What was measured otherwise does not compare with what is measured now. "auto" stands for whichever of
        our engines played; records of the first edition say no more than the engine's name.
        """
        known = record.details.get("benchmarks", [])
        engines = {str(timing.get("engine")) for timing in known}
        if self.meter.engine in KINDS:
            of_ours = engines <= set(KINDS) and (
                self.meter.engine == "auto" or engines == {self.meter.engine}
            )
            return of_ours and [t.get("block_size") for t in known] == self.meter.block_sizes
        methods = {cost.get("method") for name, cost in record.cost.items() if name.startswith(OWN)}
        if methods - {None}:
            return methods == {self.meter.method} and self._sizes_fit(known)
        return all(name.startswith(self.meter.engine) for name in engines) and self._sizes_fit(known)

    def _sizes_fit(self, known: Sequence[Mapping[str, Any]]) -> bool:
        sizes = [timing.get("block_size") for timing in known]
        return bool(sizes) and (self.meter.engine == "profile" or sizes == self.meter.block_sizes)

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Before hours of training for a figure that cannot be had."""
        self.meter.check(streaming(pl_module).network)

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        module = streaming(pl_module)
        timings = self.meter.measure(module.network, module.sample_rate)
        self.record.details["benchmarks"] = [asdict(timing) for timing in timings]
        values = _figures(timings[0])
        method = {} if self.meter.engine in KINDS else {"method": self.meter.method}
        conditions = {"block_size": timings[0].block_size, "engine": timings[0].engine, **method}
        kept = {name: cost for name, cost in self.record.cost.items() if name not in values}
        self.record.cost = kept | measured(values, **conditions)  # none of them is left of another engine


def _figures(first: Timing) -> dict[str, Any]:
    return {
        "cpu_mean_ms": first.mean_ms,
        "cpu_rtf": first.rtf,
        "cpu_realtime_capable": first.realtime_capable,
        "cpu_median_ms": first.median_ms,
        "cpu_p99_ms": first.p99_ms,
        "cpu_max_ms": first.max_ms,
    }
