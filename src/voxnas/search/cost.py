"""What a network costs, known before it is trained: training does not change it."""

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from voxnas.engine import make
from voxnas.engine.measure import Meter
from voxnas.export.nam import write_nam
from voxnas.kernels.build import Unavailable, load
from voxnas.models.base import Network
from voxnas.records.identity import cpu_flags, cpu_model, identity
from voxnas.search.remembered import keep_lower, remembered
from voxnas.search.yardstick import BLOCKS, MIN_SECONDS, Yardstick, yardstick
from voxnas.utils.errors import InputError, VoxnasError

METHOD = 3  # of measuring: figures of another are measured again
AGAIN = 7  # measurements of one network


class CostUnknown(VoxnasError):
    """There is no telling what a network costs; of another there may be."""


@dataclass(frozen=True)
class Cost:
    """A fraction of real time on one thread, and all that it may depend on beside the network."""

    cpu_rtf: float
    block_size: int  # samples
    sample_rate: int  # Hz
    engine: str  # that was asked for, with its settings
    cpu_model: str
    cpu_flags: str

    @property
    def us_per_block(self) -> float:
        """Microseconds that a block takes."""
        return 1e6 * self.cpu_rtf * self.block_size / self.sample_rate


class CostMeter:
    """Tells what networks cost; measures each only once on a machine, see `remembered`.

    Args:
        block_size: in samples.
        engine, command, profile_build: see `Meter`.

    Raises:
        InputError: see `Meter`.
    """

    def __init__(
        self,
        block_size: int = 64,
        engine: str = "auto",
        command: Mapping[str, Any] | None = None,
        profile_build: str = "default",
    ) -> None:
        self.block_size = block_size
        self._meter = Meter(engine, [block_size], BLOCKS, command, profile_build, MIN_SECONDS)
        settings = {"command": dict(command or {}), "profile": {"build": profile_build}}.get(engine)
        self._engine = engine if settings is None else f"{engine} {identity(settings)}"

    def cost(self, network: Network, sample_rate: int, known: Mapping[str, Any] | None = None) -> Cost:
        """The network's cost: as it is known, or was measured before, or is measured now.

        Args:
            sample_rate: in Hz.
            known: an earlier `Cost` of the same network as plain values, such as its run's record holds. It
                stands if it is of this machine and these settings: who passed a limit once passes it again.

        Raises:
            CostUnknown: the cost cannot be told.
        """
        conditions = self._conditions(sample_rate)
        if known and {name: known.get(name) for name in conditions} == conditions:
            return Cost(known["cpu_rtf"], **conditions)
        if self._meter.engine == "profile":  # a sum, and no measurement
            return Cost(self.measure(network, sample_rate), **conditions)
        architecture = {key: value for key, value in network.architecture().items() if key != "name"}
        key = identity({**conditions, "method": METHOD, "code": _code(), "architecture": architecture})
        figure = remembered(key, partial(self._measured, network, sample_rate))
        return Cost(figure * self._unit(sample_rate), **conditions)

    def again(self, network: Network, sample_rate: int) -> float:
        """The RTF, from several measurements made now. Raises CostUnknown if there is none."""
        figures = [self._measured(network, sample_rate) for _ in range(AGAIN)]
        return statistics.median(figures) * self._unit(sample_rate)

    def _conditions(self, sample_rate: int) -> dict[str, Any]:
        return {
            "block_size": self.block_size,
            "sample_rate": sample_rate,
            "engine": self._engine,
            "cpu_model": cpu_model(),
            "cpu_flags": cpu_flags(),
        }

    def measure(self, network: Network, sample_rate: int) -> float:
        """The cost, measured now: in yardsticks where an engine of ours plays, see `Yardstick`, else an RTF.

        Raises CostUnknown if there is none.
        """

        def write(path: Path) -> object:
            return write_nam(network, path, sample_rate)

        try:
            if self._ours:
                return self._yardstick(sample_rate).measure(network)
            return self._meter.measure(network, sample_rate, write)[0].rtf
        except InputError as error:
            raise CostUnknown(f"the cost cannot be told: {error}") from error

    def _measured(self, network: Network, sample_rate: int) -> float:
        figure = self.measure(network, sample_rate)
        if self._ours:
            keep_lower(self._unit_key(sample_rate), self._yardstick(sample_rate).least)
        return figure

    def _unit(self, sample_rate: int) -> float:
        """The RTF of the yardstick at the machine's fastest so far: it may be slow for minutes."""
        if not self._ours:
            return 1.0
        return remembered(self._unit_key(sample_rate), lambda: self._yardstick(sample_rate).least)

    def _unit_key(self, sample_rate: int) -> str:
        return f"yardstick-{identity({**self._conditions(sample_rate), 'method': METHOD, 'code': _code()})}"

    @property
    def _ours(self) -> bool:
        return self._meter.engine in make.KINDS

    def _yardstick(self, sample_rate: int) -> Yardstick:
        return yardstick(sample_rate, self.block_size, self._meter.engine)


def _code() -> str:
    """What plays: our library, by its sources, its compiler and the compiler's flags, or PyTorch."""
    try:
        return Path(load("wavenet_stream.cpp")._name).stem
    except Unavailable:
        return f"torch {torch.__version__}"
