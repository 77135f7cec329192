"""Cost of a network per block size, by the means that the user chose."""

import functools
import logging
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from voxnas.engine import make
from voxnas.engine.benchmark import (
    BLOCK_SIZES,
    MAX_SPREAD,
    MIN_SECONDS,
    ROUNDS,
    benchmark_blocks,
    one_thread,
)
from voxnas.engine.command import Command
from voxnas.engine.cost import profile
from voxnas.engine.cost.steps import BUILDS
from voxnas.engine.rounds import lowest, spread
from voxnas.engine.timing import Timing, block_ms, timing_of_rtf
from voxnas.models.base import StreamingNetwork
from voxnas.records.identity import cpu_flags, cpu_model, identity
from voxnas.utils.errors import InputError

KINDS = (*make.KINDS, "command", "profile")

Write = Callable[..., object]
log = logging.getLogger(__name__)


class Meter:
    """Meter of the cost of networks.

    Args:
        engine: "auto", "native" or "torch" play the network here, see `make_engine`; "command" asks another
            program on the exported model, see `Command`; "profile" tells what it would cost in the plug-in's
            engine, see `plugin_cost`.
        block_sizes: in samples.
        blocks: timed per block size, at least, where an engine of ours plays.
        command: the arguments of `Command`, for engine="command".
        profile_build: "default" or "avx512", for engine="profile".
        min_seconds: measured per block size, at least, where an engine of ours plays.
        write_model: `(network, path, sample_rate)` writes the file that the program is given; for
            engine="command".

    Attributes:
        method: the engine asked for, with the settings that it depends on, in a word: figures of another
            method do not compare.

    Raises:
        InputError: settings that cannot be, at once rather than when the first network is trained.
    """

    def __init__(
        self,
        engine: str = "auto",
        block_sizes: Sequence[int] = BLOCK_SIZES,
        blocks: int = 200,
        command: Mapping[str, Any] | None = None,
        profile_build: str = "default",
        min_seconds: float = MIN_SECONDS,
        write_model: Write | None = None,
    ) -> None:
        if engine not in KINDS:
            raise InputError(f"unknown engine {engine!r}; known are {', '.join(KINDS)}")
        if not block_sizes or any(not isinstance(size, int) or size < 1 for size in block_sizes):
            raise InputError(f"block_sizes={list(block_sizes)}: give one or more whole numbers from 1")
        if profile_build not in BUILDS:
            raise InputError(f"profile_build={profile_build} is unknown; one of {', '.join(BUILDS)}")
        self.engine, self.block_sizes, self.blocks = engine, list(block_sizes), blocks
        self.profile_build, self.min_seconds = profile_build, min_seconds
        self._command = _command(command, self.block_sizes) if engine == "command" else None
        if self._command is not None and write_model is None:
            raise InputError("engine=command needs write_model, which writes the file for the program")
        self._write = write_model
        settings = {
            "command": dict(command or {}),
            "profile": {"build": profile_build, "edition": profile.EDITION},
        }.get(engine)
        self.method = engine if settings is None else f"{engine} {identity(settings)}"

    def check(self, network: StreamingNetwork) -> None:
        """Raises InputError if this network's cost cannot be told; cheap, and possible before training."""
        if self.engine == "profile":
            profile.plugin_cost(network.architecture(), self.profile_build)

    def measure(self, network: StreamingNetwork, sample_rate: int) -> list[Timing]:
        """Timings per block size, in the order asked for.

        The profile knows blocks of 64 samples only, whatever was asked for. Raises InputError where there is
        no figure.
        """
        if self._command is not None and self._write is not None:
            with tempfile.TemporaryDirectory(prefix="voxnas-") as folder:
                model = Path(folder) / "model.nam"
                self._write(network.at_rest(), model, sample_rate)
                return _by_command(self._command, model, sample_rate, self.block_sizes)
        if self.engine == "profile":
            return [self._by_profile(network, sample_rate)]
        engine = make.make_engine(network, self.engine)
        return benchmark_blocks(engine, sample_rate, self.block_sizes, self.blocks, self.min_seconds)

    def _by_profile(self, network: StreamingNetwork, sample_rate: int) -> Timing:
        cost = profile.plugin_cost(network.architecture(), self.profile_build)
        if self.block_sizes != [profile.BLOCK_SIZE]:
            _warn_once(
                f"the profile of the plug-in's engine knows blocks of {profile.BLOCK_SIZE} samples only"
            )
        if cost.basis == "extrapolated":
            _warn_once("the profile of the plug-in's engine is extrapolated: no such network was measured")
        name = profile.engine_name(self.profile_build)
        return timing_of_rtf(cost.at(sample_rate), profile.BLOCK_SIZE, sample_rate, name, cost.cpu_model)


def _command(settings: Mapping[str, Any] | None, block_sizes: Sequence[int]) -> Command:
    given = {name: value for name, value in (settings or {}).items() if value is not None}
    if "run" not in given:
        raise InputError('engine=command needs command.run, such as "bench {model} {block_size}"')
    try:
        command = Command(**given)
    except TypeError as error:
        raise InputError(f"command: {error}") from error
    if len(block_sizes) > 1 and not command.takes_block_size:
        raise InputError(
            "command.run has no {block_size}: say which one the program plays, such as block_sizes=[64]"
        )
    return command


def _by_command(command: Command, model: Path, sample_rate: int, block_sizes: Sequence[int]) -> list[Timing]:
    """Timings in rounds as of `side_by_side`: each asks for every block size, and the noisy ones again."""
    found: dict[int, list[float]] = {size: [] for size in block_sizes}
    with one_thread():  # which the program inherits
        for number in range(2 * ROUNDS):
            for size, rtfs in found.items():
                if number < ROUNDS or spread(lowest(rtfs, ROUNDS)) > MAX_SPREAD:
                    rtfs.append(command.rtf(model, size, sample_rate))
    return [_timing(command, found[size], size, sample_rate) for size in block_sizes]


def _timing(command: Command, rtfs: Sequence[float], block_size: int, sample_rate: int) -> Timing:
    best = lowest(rtfs, ROUNDS)
    timing = timing_of_rtf(
        float(np.median(best)), block_size, sample_rate, command.name, cpu_model(), cpu_flags()
    )
    duration_ms = block_ms(block_size, sample_rate)
    return replace(
        timing,
        mean_ms=float(np.mean(rtfs)) * duration_ms,
        round_medians_ms=tuple(rtf * duration_ms for rtf in rtfs),
        spread=spread(best),
    )


@functools.cache
def _warn_once(what: str) -> None:
    log.warning("%s", what)
