"""What a network costs, known before it is trained: training does not change it."""

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
from voxnas.search.remembered import remembered
from voxnas.search.yardstick import BLOCKS, MIN_SECONDS, yardstick
from voxnas.utils.errors import InputError, VoxnasError

METHOD = 2  # of measuring: figures of another are measured again


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
        conditions: dict[str, Any] = {
            "block_size": self.block_size,
            "sample_rate": sample_rate,
            "engine": self._engine,
            "cpu_model": cpu_model(),
            "cpu_flags": cpu_flags(),
        }
        if known and {name: known.get(name) for name in conditions} == conditions:
            return Cost(known["cpu_rtf"], **conditions)
        measure = partial(self.measure, network, sample_rate)
        if self._meter.engine == "profile":  # a sum, and no measurement
            return Cost(measure(), **conditions)
        architecture = {key: value for key, value in network.architecture().items() if key != "name"}
        key = identity({**conditions, "method": METHOD, "code": _code(), "architecture": architecture})
        return Cost(remembered(key, measure), **conditions)

    def measure(self, network: Network, sample_rate: int) -> float:
        """The fraction of real time, measured now, see `Yardstick`. Raises CostUnknown if there is none."""

        def write(path: Path) -> object:
            return write_nam(network, path, sample_rate)

        try:
            if self._meter.engine in make.KINDS:
                return yardstick(sample_rate, self.block_size, self._meter.engine).measure(network)
            return self._meter.measure(network, sample_rate, write)[0].rtf
        except InputError as error:
            raise CostUnknown(f"the cost cannot be told: {error}") from error


def _code() -> str:
    """What plays: our library, by its sources, its compiler and the compiler's flags, or PyTorch."""
    try:
        return Path(load("wavenet_stream.cpp")._name).stem
    except Unavailable:
        return f"torch {torch.__version__}"
