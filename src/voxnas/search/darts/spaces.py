"""The spaces of a differentiable search, from the settings that a user gives."""

from collections.abc import Sequence

from voxnas.models.cells.sizes import SIZES, Size
from voxnas.models.genotype import LEAST_LAYERS
from voxnas.search.darts.cells import CellSuperNet
from voxnas.search.darts.layer_options import GATES
from voxnas.search.darts.supernet import SuperNet
from voxnas.search.darts.wavenet import WaveNetSuperNet
from voxnas.utils.errors import InputError

LONGEST_DILATION = 256  # samples


def size_of(
    model_size: str | None,
    nodes_per_layer: int | None = None,
    layers: int | None = None,
    init_channels: int | None = None,
    init_channel_multiplier: int | None = None,
    fanout_concat: int | None = None,
) -> Size:
    """A preset of `SIZES` with what else is given in its place; without a preset all five are wanted.

    Raises InputError on a preset that there is not, sizes that cannot be, fewer than three layers, and a
    fan-out beyond the nodes.
    """
    given = {
        "layers": layers,
        "nodes_per_layer": nodes_per_layer,
        "init_channels": init_channels,
        "init_channel_multiplier": init_channel_multiplier,
        "fanout_concat": fanout_concat,
    }
    if model_size is not None and model_size not in SIZES:
        raise InputError(f"unknown nas_model_size {model_size!r}; one of {', '.join(SIZES)}")
    preset: Sequence[int | None] = [None] * len(given)
    if model_size is not None:
        s = SIZES[model_size]
        preset = (s.layers, s.nodes, s.init_channels, s.channel_multiplier, s.fanout_concat)
    values = {}
    for (name, value), default in zip(given.items(), preset, strict=True):
        value = default if value is None else value
        if type(value) is not int or value < 1:
            hint = "give it, or a nas_model_size" if value is None else "give a whole number from 1"
            raise InputError(f"nas_{name}={'null' if value is None else value}: {hint}")
        values[name] = value
    if values["layers"] < LEAST_LAYERS:
        raise InputError(f"nas_layers={values['layers']}: layers are {LEAST_LAYERS} or more")
    if values["fanout_concat"] > values["nodes_per_layer"]:
        raise InputError(
            f"nas_fanout_concat={values['fanout_concat']} is larger than the "
            f"{values['nodes_per_layer']} nodes of a layer (nas_nodes_per_layer)"
        )
    count, nodes, channels, multiplier, fanout = values.values()
    return Size(count, nodes, channels, multiplier, fanout)


def darts_wavenet(
    size: Size,
    kernel_sizes: Sequence[int],
    activations: Sequence[str],
    gates: Sequence[str] = GATES,
    head_scale: float = 0.02,
    prior: float = 2.0,
    backend: str = "auto",
) -> SuperNet:
    """One array of `size.layers` places and `init_channels · channel_multiplier` channels.

    A layer's nodes are the dilations that it chooses from: 1, 2, 4, … times its base. A fan-out it has not.
    """
    multiples = [2**node for node in range(size.nodes)]
    return WaveNetSuperNet(
        size.init_channels * size.channel_multiplier,
        default_bases(size.layers, multiples[-1]),
        kernel_sizes,
        multiples,
        activations,
        gates,
        head_scale,
        prior,
        backend,
    )


def darts_cnn(size: Size) -> SuperNet:
    """Networks of cells; see `voxnas.search.darts.cells.CellSuperNet`."""
    return CellSuperNet.of(size)


def default_bases(layers: int, largest_multiple: int, longest: int = LONGEST_DILATION) -> list[int]:
    """1, 2, 4, … and again from 1, so that no dilation is above `longest` samples."""
    cycle = max(1, (longest // largest_multiple).bit_length())
    return [2 ** (layer % cycle) for layer in range(layers)]
