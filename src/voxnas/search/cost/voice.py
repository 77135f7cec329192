"""CPU cost of networks that ring by themselves, as a fraction of real time."""

import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from voxnas.engine.voice import block_seconds
from voxnas.kernels.build import Unavailable
from voxnas.kernels.string_voice import Voice
from voxnas.records.identity import cpu_flags, cpu_model
from voxnas.search.cost.base import Cost, CostUnknown
from voxnas.utils.errors import InputError


class VoiceCost:
    """Tells what one voice of a network costs in native code; see `Meter`.

    Args:
        block_size: in samples.
        blocks: that are timed; their median counts.
    """

    figure = "cpu_rtf"
    figures = ("cpu_rtf", "us_per_block")
    measures = False
    budget_name = "CPU budget"

    def __init__(self, block_size: int = 64, blocks: int = 200) -> None:
        self.block_size, self.blocks = block_size, blocks

    def cost(self, network: Any, shape: Mapping[str, Any], known: Mapping[str, Any] | None = None) -> Cost:
        """The share of real time that a voice takes; the network has a `voice_form`."""
        form = network.voice_form()
        conditions = {
            **{"block_size": self.block_size, "sample_rate": int(form.sample_rate), "engine": "native"},
            **{"cpu_model": cpu_model(), "cpu_flags": cpu_flags()},
        }
        if known is not None and {k: known.get(k) for k in conditions} == conditions and "cpu_rtf" in known:
            return self._told(float(known["cpu_rtf"]), conditions)
        try:
            seconds = statistics.median(block_seconds([Voice(form)], self.block_size, self.blocks))
        except Unavailable as error:
            raise CostUnknown(f"the cost cannot be told: {error}") from error
        return self._told(seconds * form.sample_rate / self.block_size, conditions)

    def _told(self, rtf: float, conditions: Mapping[str, Any]) -> Cost:
        us = 1e6 * rtf * self.block_size / conditions["sample_rate"]
        at = f"in our own engine at block {self.block_size}"
        said = {"cpu_rtf": f"{rtf:.4g} of real time {at}", "us_per_block": f"{us:.4g} µs {at}"}
        return Cost("cpu_rtf", rtf, conditions, {"us_per_block": us}, said)

    def again(self, run: Path) -> float:
        raise CostUnknown("a voice's cost is measured once")

    def budget(self, limits: Mapping[str, Any], shape: Mapping[str, Any]) -> float:
        """The most that a candidate may take of real time."""
        value = limits.get("max_cpu_rtf")
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise InputError("give the budget as max_cpu_rtf=0.005, a share of a CPU core above 0")
        return float(value)

    def describe(self, value: float, shape: Mapping[str, Any]) -> str:
        return f"{value:.3g} of real time"
