"""The cost of a network in the Neural Amp Modeler plug-in's engine, for those who have neither at hand.

A network's steps (see `work`) times their costs, which benchmarks/fit_plugin_cost.py has fitted to networks
of all kinds measured in that engine; the costs, and how well they tell networks kept back from the fit, are
in plugin.json. Dilations do not matter to it. A network that was measured by itself gets what was measured,
also those few that the engine plays by code of their own.
"""

import functools
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from voxnas.engine.cost.fast_path import has_fast_path
from voxnas.engine.cost.steps import BUILDS, PLAIN, WITH_EXP
from voxnas.engine.cost.work import conv_net_work, lstm_work, wavenet_work
from voxnas.models.layer_array import LayerArray
from voxnas.utils.errors import InputError

BLOCK_SIZE, SAMPLE_RATE = 64, 48_000  # of all measurements
EDITION = "2026-09"  # of the engine that was measured; what another one costs does not compare
FITTED_CHANNELS, MAX_CHANNELS = 16, 32  # the widest of the fit, and what its strips make up
MAX_LSTM_LAYERS = 4
_COEFFICIENTS = Path(__file__).with_name("plugin.json")
_UNKNOWN = ("groups_input", "layer1x1_groups", "head1x1_groups")  # of a layer array; too few were measured


@dataclass(frozen=True)
class PluginCost:
    """`rtf`, the fraction of real time at 48 kHz in blocks of 64, and how it is known.

    `basis` is "measured" for a network that was measured itself, "fitted" for one like those of the fit,
    "interpolated" for one of a single size between two that were measured, and "extrapolated" for what none
    of the fit had but the same steps make up: arrays of more than 16 channels.
    """

    rtf: float
    basis: str
    cpu_model: str

    def at(self, sample_rate: int) -> float:
        """The fraction of real time at another rate in Hz: the time per block is the same."""
        return self.rtf * sample_rate / SAMPLE_RATE


def engine_name(build: str) -> str:
    """The engine in records, with its build and edition: costs of others do not compare."""
    return f"profile-{build}-{EDITION}"


def plugin_cost(architecture: Mapping[str, Any], build: str = "default") -> PluginCost:
    """Cost in the plug-in's engine of the network that `Network.architecture` describes.

    Args:
        build: "default", as the plug-in is usually compiled, or "avx512", compiled for such a CPU.

    Raises:
        InputError: no such build; a network of a kind, width or activation that was not measured.
    """
    if build not in BUILDS:
        raise InputError(f"unknown build {build!r} of the plug-in's engine; known are {', '.join(BUILDS)}")
    match architecture.get("type"):
        case "WaveNet":
            rtf, basis = _wavenet([LayerArray.of(**array) for array in architecture["layer_arrays"]], build)
        case "ConvNet":
            rtf, basis = _conv_net(architecture, build)
        case "LSTM":
            rtf, basis = _lstm(architecture, build)
        case "Linear":
            rtf, basis = _between("taps", architecture.get("taps", 0), _measured("Linear"), build)
        case other:
            _not_covered(f"the network type {other!r}", "WaveNet, ConvNet, LSTM and Linear are")
    return PluginCost(rtf, basis, _content()["cpu_model"])


def _wavenet(shapes: Sequence[LayerArray], build: str) -> tuple[float, str]:
    for shape in shapes:
        _check_array(shape)
    steps, fast = wavenet_work(shapes, BUILDS[build]), has_fast_path(shapes)
    for known_fast, known_steps, rtf in _measured_wavenets(build):
        if known_fast == fast and known_steps == steps:
            return rtf, "measured"
    return _by_steps(steps, build, max(shape.channels for shape in shapes))


def _conv_net(architecture: Mapping[str, Any], build: str) -> tuple[float, str]:
    _check_channels(architecture["channels"])
    _check_activation(architecture["activation"])
    return _by_steps(conv_net_work(architecture, BUILDS[build]), build, architecture["channels"])


def _lstm(architecture: Mapping[str, Any], build: str) -> tuple[float, str]:
    layers, size = architecture.get("num_layers", 1), architecture.get("hidden_size", 0)
    rows = _measured("LSTM")
    sizes = [row["hidden_size"] for row in rows]
    if not 1 <= layers <= MAX_LSTM_LAYERS or not min(sizes) <= size <= max(sizes):
        covered = f"1 to {MAX_LSTM_LAYERS} layers of {min(sizes)} to {max(sizes)} are"
        _not_covered(f"an LSTM of {layers} × {size}", covered)
    for row in rows:
        if (row["num_layers"], row["hidden_size"]) == (layers, size):
            return row[build], "measured"
    if layers == 1:
        return _between("hidden_size", size, [r for r in rows if r["num_layers"] == 1], build)
    return _by_steps(lstm_work(layers, size, BUILDS[build]), build, 0)


def _by_steps(steps: Counter[str], build: str, channels: int) -> tuple[float, str]:
    costs = _content()["builds"][build]["coefficients"]
    missing = sorted(set(steps) - set(costs))
    if missing:
        _not_covered(f"a network with the step {missing[0]!r}", f"{', '.join(sorted(costs))} are")
    rtf = sum(count * costs[step] for step, count in steps.items())
    return rtf, "fitted" if channels <= FITTED_CHANNELS else "extrapolated"


def _between(key: str, size: int, rows: Sequence[Mapping[str, Any]], build: str) -> tuple[float, str]:
    """Along straight lines between the sizes that were measured."""
    sizes, rtfs = zip(*sorted((row[key], row[build]) for row in rows), strict=True)
    if not sizes[0] <= size <= sizes[-1]:
        _not_covered(f"{key}={size}", f"{sizes[0]} to {sizes[-1]} are")
    return float(np.interp(size, sizes, rtfs)), "measured" if size in sizes else "interpolated"


def _check_array(shape: LayerArray) -> None:
    _check_channels(shape.channels)
    for activation in shape.activations:
        _check_activation(activation)
    plain = LayerArray.of(shape.channels, shape.dilations)
    for name in (field.name for field in fields(shape) if field.name in _UNKNOWN):
        if getattr(shape, name) != getattr(plain, name):
            _not_covered(f"{name}={getattr(shape, name)!r}", f"{getattr(plain, name)!r} is")


def _check_channels(channels: int) -> None:
    if channels > MAX_CHANNELS:
        _not_covered(f"an array of {channels} channels", f"up to {MAX_CHANNELS} are")


def _check_activation(activation: Any) -> None:
    name = activation if isinstance(activation, str) else activation.get("type")
    if name not in PLAIN | WITH_EXP:
        _not_covered(f"the activation {name!r}", f"{', '.join(sorted(PLAIN | WITH_EXP))} are")


def _not_covered(what: str, covered: str) -> NoReturn:
    raise InputError(
        f"the profile of the plug-in's engine does not cover {what}; {covered}. Use engine=native or command"
    )


def _measured(kind: str) -> list[dict[str, Any]]:
    return [row for row in _content()["measured"] if row["type"] == kind]


@functools.cache
def _measured_wavenets(build: str) -> list[tuple[bool, Counter[str], float]]:
    """Whether each has a fast path, its steps, and what it costs."""
    rows = _measured("WaveNet")
    shapes = [[LayerArray.of(**array) for array in row["layer_arrays"]] for row in rows]
    works = [(has_fast_path(shape), wavenet_work(shape, BUILDS[build])) for shape in shapes]
    return [(*work, row[build]) for work, row in zip(works, rows, strict=True)]


@functools.cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(_COEFFICIENTS.read_text(encoding="utf-8"))
    return content
