"""Genotypes, which a differentiable search finds: architectures as plain, checked values, and their file.

Two kinds. A `CellGenotype` is that of H. Liu, K. Simonyan, Y. Yang (2019), "DARTS: Differentiable
Architecture Search": two cells, one of which is repeated through the network while the other halves the time
resolution. A `WaveNetGenotype` chooses each layer of a layer array, in the form that plug-in files can hold.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from voxnas.models.activations import ACTIVATIONS
from voxnas.utils.errors import InputError
from voxnas.utils.files import write_text

PRIMITIVES = (
    *("none", "avg_pool_3", "max_pool_3", "skip_connect"),
    *("conv_bn_relu_3", "conv_bn_relu_5", "conv_bn_relu_7"),
)
INPUTS = 2  # of a cell: the outputs of the two cells before it
LEAST_LAYERS = 3  # so that there is a normal cell beside two reductions
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Edge:
    """Operation of a cell, and the source that it is applied to.

    `source` counts 0 for the output of the cell before the last, 1 for the last one's, 2 for the first node.
    """

    op: str
    source: int


Cell = tuple[tuple[Edge, ...], ...]  # per node its edges, whose results are added


def reductions(layers: int) -> tuple[int, int]:
    """The places of the reduction cells in a stack: a third and two thirds down."""
    return layers // 3, 2 * layers // 3


@dataclass(frozen=True)
class CellGenotype:
    """Genotype of two kinds of cells and of their stack.

    Args:
        normal, reduction: per node its edges, from earlier sources only.
        dilations: in samples of the cell's own rate, one per cell: their number is that of the layers.
        init_channels: of each node of the first cells; doubled by each reduction.
        channel_multiplier: the stem has `channel_multiplier * init_channels` channels.
        fanout_concat: how many nodes, the last ones, make a cell's output.

    Raises:
        InputError: fewer than three layers, a fan-out beyond the nodes, an unknown primitive, a source that
            does not come before its node.
    """

    normal: Cell
    reduction: Cell
    dilations: tuple[int, ...]
    init_channels: int
    channel_multiplier: int = 3
    fanout_concat: int = 4

    def __post_init__(self) -> None:
        _require(len(self.dilations) >= LEAST_LAYERS, f"layers are {LEAST_LAYERS} or more")
        _require_sizes("dilations", self.dilations)
        _require_sizes("init_channels and channel_multiplier", (self.init_channels, self.channel_multiplier))
        _require(len(self.normal) == len(self.reduction) > 0, "both cells have as many nodes, at least one")
        _require_sizes("fanout_concat", (self.fanout_concat,))
        _require(
            self.fanout_concat <= len(self.normal),
            f"fanout_concat {self.fanout_concat} is larger than the {len(self.normal)} nodes",
        )
        for cell in (self.normal, self.reduction):
            for index, node in enumerate(cell):
                _require(len(node) > 0, f"node {index} has no edge")
                for edge in node:
                    _require(edge.op in PRIMITIVES, f"unknown primitive {str(edge.op)[:40]!r}")
                    _require(
                        type(edge.source) is int and 0 <= edge.source < INPUTS + index,
                        f"node {index} takes from source {edge.source}, which does not come before it",
                    )

    @property
    def layers(self) -> int:
        """Number of cells."""
        return len(self.dilations)

    @property
    def reductions(self) -> tuple[int, int]:
        """The places of the reduction cells."""
        return reductions(self.layers)


@dataclass(frozen=True)
class LayerChoice:
    """Layer of a `WaveNetGenotype`; `dilation` in samples."""

    kernel_size: int
    dilation: int
    activation: str
    gated: bool


@dataclass(frozen=True)
class WaveNetGenotype:
    """The layers of one WaveNet array; those that the search left out are not in it.

    Raises:
        InputError: no layer, sizes that cannot be, an unknown activation.
    """

    channels: int
    layers: tuple[LayerChoice, ...]
    head_kernel_size: int = 1
    head_scale: float = 0.02

    def __post_init__(self) -> None:
        _require(len(self.layers) > 0, "a WaveNet has at least one layer")
        _require_sizes("channels and head_kernel_size", (self.channels, self.head_kernel_size))
        for layer in self.layers:
            _require_sizes("kernel sizes and dilations", (layer.kernel_size, layer.dilation))
            _require(layer.activation in ACTIVATIONS, f"unknown activation {str(layer.activation)[:40]!r}")
            _require(type(layer.gated) is bool, "gated is true or false")
        number = isinstance(self.head_scale, int | float) and not isinstance(self.head_scale, bool)
        _require(number and abs(self.head_scale) < 1e6, "head_scale is a number")


Genotype = CellGenotype | WaveNetGenotype
_KINDS: dict[str, type[CellGenotype] | type[WaveNetGenotype]] = {
    "cells": CellGenotype,
    "wavenet": WaveNetGenotype,
}


def as_values(genotype: Genotype) -> dict[str, Any]:
    """Plain values that `from_values` takes, ready for JSON."""
    kind = next(name for name, cls in _KINDS.items() if isinstance(genotype, cls))
    return {"schema_version": SCHEMA_VERSION, "kind": kind, **asdict(genotype)}


def from_values(values: Mapping[str, Any]) -> Genotype:
    """The genotype of plain values. Raises InputError for what is missing, unknown or cannot be."""
    try:
        given = {key: value for key, value in values.items() if key != "schema_version"}
        kind = given.pop("kind", None)
        if kind == "cells":
            for cell in ("normal", "reduction"):
                given[cell] = tuple(tuple(Edge(**edge) for edge in node) for node in given[cell])
            return CellGenotype(**{**given, "dilations": tuple(given["dilations"])})
        if kind == "wavenet":
            layers = tuple(LayerChoice(**layer) for layer in given["layers"])
            return WaveNetGenotype(**{**given, "layers": layers})
    except (AttributeError, KeyError, TypeError) as error:
        raise InputError(f"genotype: {error}") from error
    raise InputError(f"genotype: unknown kind {str(kind)[:40]!r}; one of {', '.join(_KINDS)}")


def write_genotype(genotype: Genotype, path: Path) -> Path:
    """Write it as JSON, in one step."""
    write_text(path, json.dumps(as_values(genotype), indent=2) + "\n")
    return path


def read_genotype(path: Path) -> Genotype:
    """Read what `write_genotype` wrote. Raises InputError that names the file."""
    try:
        return from_values(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a genotype ({error})") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _require(holds: bool, rule: str) -> None:
    if not holds:
        raise InputError(f"genotype: {rule}")


def _require_sizes(what: str, sizes: tuple[int, ...]) -> None:
    _require(all(type(size) is int and size >= 1 for size in sizes), f"{what} are whole numbers from 1")
