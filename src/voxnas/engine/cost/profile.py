"""The cost of a network in the Neural Amp Modeler plug-in's engine, for those who have neither at hand.

A WaveNet's steps (see `work`) times their costs, which benchmarks/fit_plugin_cost.py has fitted to 300 random
WaveNets measured in that engine; the costs, and how well they tell networks kept back from the fit, are in
plugin.json. Dilations do not matter to it. A network of the same steps as one that was measured by itself
gets what was measured.
"""

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from voxnas.engine.cost.work import BUILDS, PLAIN, WITH_EXP, work
from voxnas.models.layer_array import LayerArray
from voxnas.utils.errors import InputError

BLOCK_SIZE, SAMPLE_RATE = 64, 48_000  # of all measurements
MAX_CHANNELS, MAX_GATED = 32, 24  # the widest measured
_COEFFICIENTS = Path(__file__).with_name("plugin.json")
# what the steps know of a layer array; of anything else only the default was measured
_KNOWN = {"channels", "dilations", "kernel_sizes", "activations", "gating"}
_KNOWN |= {"head_size", "head_kernel_size", "head_bias"}


@dataclass(frozen=True)
class PluginCost:
    """`rtf`, the fraction of real time at 48 kHz in blocks of 64, and how it is known.

    `basis` is "measured" for a network that was measured itself, "fitted" for a WaveNet like those of the
    fit, "interpolated" for an LSTM between two that were measured, and "extrapolated" for what none of the
    fit had but the same steps make up: gated arrays of more than 24 channels, heads of several taps.
    """

    rtf: float
    basis: str
    cpu_model: str


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
            return _wavenet([LayerArray.of(**array) for array in architecture["layer_arrays"]], build)
        case "LSTM":
            return _lstm(architecture, build)
    _not_covered(f"the network type {architecture.get('type')!r}", "WaveNet and LSTM are")


def _wavenet(shapes: Sequence[LayerArray], build: str) -> PluginCost:
    for shape in shapes:
        _check(shape)
    steps, content = work(shapes, BUILDS[build]), _content()
    for row in content["measured"]:
        if row["type"] == "WaveNet" and _steps(row, build) == steps:
            return PluginCost(row[build], "measured", content["cpu_model"])
    costs = content["builds"][build]["coefficients"]
    missing = sorted(set(steps) - set(costs))
    if missing:
        _not_covered(f"a WaveNet with the step {missing[0]!r}", f"{', '.join(sorted(costs))} are")
    rtf = sum(count * costs[step] for step, count in steps.items())
    return PluginCost(
        rtf, "fitted" if all(map(_is_of_the_fit, shapes)) else "extrapolated", content["cpu_model"]
    )


def _is_of_the_fit(shape: LayerArray) -> bool:
    return shape.head_kernel_size == 1 and (shape.channels <= MAX_GATED or not any(shape.gated))


def _check(shape: LayerArray) -> None:
    if shape.channels > MAX_CHANNELS:
        _not_covered(f"an array of {shape.channels} channels", f"up to {MAX_CHANNELS} are")
    covered = PLAIN | WITH_EXP
    for activation in shape.activations:
        if not isinstance(activation, str) or activation not in covered:
            _not_covered(f"the activation {activation!r}", f"{', '.join(sorted(covered))} are")
    if "blended" in shape.gating:
        _not_covered("gating='blended'", "'none' and 'gated' are")
    plain = LayerArray.of(shape.channels, shape.dilations)
    for name in {field.name for field in fields(shape)} - _KNOWN:
        if getattr(shape, name) != getattr(plain, name):
            _not_covered(f"{name}={getattr(shape, name)!r}", f"{getattr(plain, name)!r} is")


def _lstm(architecture: Mapping[str, Any], build: str) -> PluginCost:
    """Between measured sizes along a straight line; further layers and other sizes were not measured."""
    layers, size = architecture.get("num_layers", 1), architecture.get("hidden_size", 0)
    content = _content()
    known = sorted((r["hidden_size"], r[build]) for r in content["measured"] if r["type"] == "LSTM")
    if layers != 1 or not known[0][0] <= size <= known[-1][0]:
        seen = f"one layer of {known[0][0]} to {known[-1][0]} is"
        _not_covered(f"an LSTM of {layers} × {size}", seen)
    sizes, rtfs = zip(*known, strict=True)
    basis = "measured" if size in sizes else "interpolated"
    return PluginCost(float(np.interp(size, sizes, rtfs)), basis, content["cpu_model"])


def _not_covered(what: str, covered: str) -> NoReturn:
    raise InputError(
        f"the profile of the plug-in's engine does not cover {what}; {covered}. Use engine=native or command"
    )


def _steps(row: dict[str, Any], build: str) -> Mapping[str, int]:
    return work([LayerArray.of(**array) for array in row["layer_arrays"]], BUILDS[build])


@functools.cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(_COEFFICIENTS.read_text(encoding="utf-8"))
    return content
