"""CPU cost of networks that play a signal block by block, as a fraction of real time."""

import statistics
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from voxnas.engine import make
from voxnas.engine.make import code_that_plays
from voxnas.engine.measure import Meter
from voxnas.engine.timing import block_ms
from voxnas.export.load import load_model
from voxnas.export.record_json import FILE_NAME
from voxnas.models.base import StreamingNetwork
from voxnas.records.identity import cpu_flags, cpu_model, identity
from voxnas.search.cost.base import Cost, CostUnknown
from voxnas.search.cost.cache import cached, keep_lower
from voxnas.search.cost.reference import BLOCKS, MIN_SECONDS, ReferenceModel, reference_model
from voxnas.utils.errors import InputError

METHOD = 3  # of measuring: figures of another are measured again
AGAIN = 7  # measurements of one network
OF = ("plugin", "own")  # engines whose cost is meant
FALLBACK_RATE = 48_000  # Hz, of a model that does not tell its own


class CostMeter:
    """Tells what streaming networks cost; measures each only once on a machine, see `cached`.

    Args:
        reference: a network beside which others are measured, see `ReferenceModel`.
        block_size: in samples.
        engine, command, profile_build, write_model: see `Meter`.
        of: "plugin" for the cost in the plug-in's engine where `engine` is "auto", else "own".

    Raises:
        InputError: another word for `of`; see `Meter`.
    """

    figure = "cpu_rtf"
    figures = ("cpu_rtf", "us_per_block")

    def __init__(
        self,
        reference: StreamingNetwork,
        block_size: int = 64,
        engine: str = "auto",
        command: Mapping[str, Any] | None = None,
        profile_build: str = "default",
        write_model: Callable[..., object] | None = None,
        of: str = "own",
    ) -> None:
        if of not in OF:
            raise InputError(f"search.engine={of}: one of {', '.join(OF)}")
        engine = "profile" if (of, engine) == ("plugin", "auto") else engine
        self.reference, self.block_size = reference, block_size
        self._profile_build = profile_build
        self._meter = Meter(engine, [block_size], BLOCKS, command, profile_build, MIN_SECONDS, write_model)

    @property
    def measures(self) -> bool:
        """Whether an engine of ours plays, so that its time can be taken again."""
        return self._meter.engine in make.KINDS

    @property
    def budget_name(self) -> str:
        """What a limit of the cost is called in a sentence: it says where another engine than ours plays."""
        return f"CPU budget {self._where}" if self._meter.engine == "profile" else "CPU budget"

    @property
    def _where(self) -> str:
        """The engine whose cost is told, in words."""
        others = {
            "profile": f"in the plug-in's engine ({self._profile_build} build)",
            "command": "by the given command",
        }
        return others.get(self._meter.engine, "in our own engine")

    def cost(
        self, network: StreamingNetwork, shape: Mapping[str, Any], known: Mapping[str, Any] | None = None
    ) -> Cost:
        """The network's cost: as it is known, or was measured before, or is measured now; see `Meter.cost`.

        `shape` has the `sample_rate` in Hz.
        """
        sample_rate = int(shape["sample_rate"])
        conditions = self._conditions(sample_rate)
        if known and {name: known.get(name) for name in conditions} == conditions:
            return self._told(known["cpu_rtf"], conditions)
        if self._meter.engine == "profile":  # a sum, and no measurement
            return self._told(self.measure(network, sample_rate), conditions)
        key = identity({**self._measuring(sample_rate), "architecture": _nameless(network)})
        figure = cached(key, partial(self._measured, network, sample_rate))
        return self._told(figure * self._unit(sample_rate), conditions)

    def again(self, run: Path) -> float:
        """The RTF of a finished run's model, the median of several measurements made now."""
        try:
            model = load_model(run / FILE_NAME)
        except InputError as error:
            raise CostUnknown(str(error)) from error
        return self.at_length(model.network, model.sample_rate or model.usual_rate)

    def at_length(self, network: StreamingNetwork, sample_rate: int) -> float:
        """The RTF, the median of several measurements made now. Raises CostUnknown if there is none."""
        figures = [self._measured(network, sample_rate) for _ in range(AGAIN)]
        return statistics.median(figures) * self._unit(sample_rate)

    def budget(self, limits: Mapping[str, object], shape: Mapping[str, Any]) -> float:
        """The budget as a fraction of real time, from `max_cpu_rtf` or `max_us_per_block`."""
        given = {name: value for name, value in limits.items() if value is not None}
        if len(given) != 1:
            raise InputError(
                "give the budget as max_cpu_rtf=0.05 (share of a CPU core; make: CPU= or RTF=) or as "
                f"max_us_per_block=60 (microseconds per block of {self.block_size}; make: MAX_US=)"
            )
        ((name, value),) = given.items()
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
            raise InputError(f"{name}={value}: give a number above 0")
        return float(value) if name == "max_cpu_rtf" else value / self._us(shape["sample_rate"])

    def describe(self, value: float, shape: Mapping[str, Any]) -> str:
        """A cost as the share of real time and in microseconds."""
        us = value * self._us(shape.get("sample_rate") or FALLBACK_RATE)
        return f"{value:.3g} of real time ({us:.1f} µs per block of {self.block_size})"

    def measure(self, network: StreamingNetwork, sample_rate: int) -> float:
        """The cost, measured now: over the reference model's where an engine of ours plays, else an RTF.

        Raises CostUnknown if there is none.
        """
        try:
            if self.measures:
                return self._reference(sample_rate).measure(network)
            return self._meter.measure(network, sample_rate)[0].rtf
        except InputError as error:
            raise CostUnknown(f"the cost cannot be told: {error}") from error

    def _told(self, rtf: float, conditions: Mapping[str, Any]) -> Cost:
        us, at = rtf * self._us(conditions["sample_rate"]), f"{self._where} at block {self.block_size}"
        said = {"cpu_rtf": f"{rtf:.4g} of real time {at}", "us_per_block": f"{us:.4g} µs {at}"}
        return Cost("cpu_rtf", rtf, conditions, {"us_per_block": us}, said)

    def _us(self, sample_rate: float) -> float:
        """Microseconds that a block lasts."""
        return 1000 * block_ms(self.block_size, int(sample_rate))

    def _conditions(self, sample_rate: int) -> dict[str, Any]:
        return {
            "block_size": self.block_size,
            "sample_rate": sample_rate,
            "engine": self._meter.method,
            "cpu_model": cpu_model(),
            "cpu_flags": cpu_flags(),
        }

    def _measured(self, network: StreamingNetwork, sample_rate: int) -> float:
        figure = self.measure(network, sample_rate)
        if self.measures:
            keep_lower(self._unit_key(sample_rate), self._reference(sample_rate).least)
        return figure

    def _unit(self, sample_rate: int) -> float:
        """The RTF of the reference model at the machine's fastest so far: it may be slow for minutes."""
        if not self.measures:
            return 1.0
        return cached(self._unit_key(sample_rate), lambda: self._reference(sample_rate).least)

    def _unit_key(self, sample_rate: int) -> str:
        return f"reference-{identity(self._measuring(sample_rate))}"

    def _measuring(self, sample_rate: int) -> dict[str, Any]:
        """All that a measured figure depends on beside the network."""
        how = {"method": METHOD, "code": code_that_plays(), "reference": _nameless(self.reference)}
        return self._conditions(sample_rate) | how

    def _reference(self, sample_rate: int) -> ReferenceModel:
        return reference_model(self.reference, sample_rate, self.block_size, self._meter.engine)


def _nameless(network: StreamingNetwork) -> dict[str, Any]:
    return {key: value for key, value in network.architecture().items() if key != "name"}
