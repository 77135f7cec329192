"""The `config` of a WaveNet in a `.nam` file, in its old and its new layout; nam_config_read.py reads it.

Old (files of version 0.5.4): one kernel size, named activation and gating per array, a 1×1 head, no more.
New (0.7.0): every form there is, and what layers have each for itself.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from voxnas.export.nam_activation import has_defaults, to_object
from voxnas.models.film import SLOTS
from voxnas.models.layer_array import LayerArray

OLD_VERSION, NEW_VERSION = "0.5.4", "0.7.0"

FILMS = [f"{slot}_film" for slot in SLOTS]


def to_config(
    shapes: Sequence[LayerArray],
    head_scale: float,
    slopes: Mapping[str, Sequence[float]],
    more: Sequence[Mapping[str, Any]] | None = None,
) -> tuple[str, dict[str, Any]]:
    """The file's version and `config`: in the old layout where that can say it, which more players read.

    `slopes` are those of the PReLUs, by the names that WaveNet's parameters have. `more` are keys of each
    array that say otherwise than a WaveNet's, in the new layout.
    """
    activations = [_activations(shape, index, slopes) for index, shape in enumerate(shapes)]
    old = more is None and all(map(_is_old, shapes, activations))
    layers = []
    input_size = 1
    for index, (shape, pairs) in enumerate(zip(shapes, activations, strict=True)):
        sizes = {"input_size": input_size, "condition_size": 1, "channels": shape.channels}
        own = _old(shape, pairs) if old else _new(shape, pairs)
        other = {} if more is None else more[index]
        layers.append({**sizes, "dilations": list(shape.dilations), **own, **other})
        input_size = shape.channels
    return (OLD_VERSION if old else NEW_VERSION), {"layers": layers, "head": None, "head_scale": head_scale}


# a layer's activation, and its secondary one if it is gated, as the new layout has them
_Pair = tuple[dict[str, Any], dict[str, Any] | None]


def _activations(shape: LayerArray, array: int, slopes: Mapping[str, Sequence[float]]) -> list[_Pair]:
    pairs: list[_Pair] = []
    layers = zip(shape.activations, shape.secondary_activations, shape.gated, strict=True)
    for layer, (activation, secondary, gated) in enumerate(layers):
        signal = to_object(activation, slopes.get(slopes_name(array, layer, "activation")))
        gate = to_object(secondary, slopes.get(slopes_name(array, layer, "secondary"))) if gated else None
        pairs.append((signal, gate))
    return pairs


def slopes_name(array: int, layer: int, which: str) -> str:
    """Name in WaveNet of the slopes of a PReLU that is a layer's "activation" or its "secondary" one."""
    return f"arrays.{array}.layers.{layer}.{which}.slopes"


def _is_old(shape: LayerArray, pairs: Sequence[_Pair]) -> bool:
    uniform = all(pair == pairs[0] for pair in pairs) and len(set(shape.kernel_sizes)) == 1
    signal, gate = pairs[0]
    plain = gate in (None, {"type": "Sigmoid"}) and set(shape.gating) in ({"none"}, {"gated"})
    groups = (shape.groups_input, shape.layer1x1_groups, shape.head_kernel_size)  # one tap has no dilation
    inside = shape.layer1x1 and shape.head1x1_channels is None and shape.bottleneck == shape.channels
    return uniform and plain and inside and groups == (1, 1, 1) and has_defaults(signal)


def _old(shape: LayerArray, pairs: Sequence[_Pair]) -> dict[str, Any]:
    return {
        "head_size": shape.head_size,
        "kernel_size": shape.kernel_sizes[0],
        "activation": pairs[0][0]["type"],
        "gated": shape.gated[0],
        "head_bias": shape.head_bias,
    }


def _new(shape: LayerArray, pairs: Sequence[_Pair]) -> dict[str, Any]:
    head = {"out_channels": shape.head_size, "kernel_size": shape.head_kernel_size, "bias": shape.head_bias}
    if shape.head_dilation != 1:
        head["head_dilation"] = shape.head_dilation
    # Of a 1×1 that is off, the rest does not count.
    head1x1 = {"active": False, "out_channels": 1, "groups": 1}
    if shape.head1x1_channels is not None:
        head1x1 = {"active": True, "out_channels": shape.head1x1_channels, "groups": shape.head1x1_groups}
    layer1x1 = {"active": shape.layer1x1, "groups": shape.layer1x1_groups if shape.layer1x1 else 1}
    return {
        "head": head,
        "kernel_sizes": list(shape.kernel_sizes),
        "activation": [signal for signal, _ in pairs],
        "bottleneck": shape.bottleneck,
        "head1x1": head1x1,
        "layer1x1": layer1x1,
        "groups_input": shape.groups_input,
        "groups_input_mixin": 1,
        **{film: {"active": False, "shift": True, "groups": 1} for film in FILMS},
        "gating_mode": list(shape.gating),
        "secondary_activation": [gate for _, gate in pairs],
    }
