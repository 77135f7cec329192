"""Parts of a WaveNet for the runtime's wavenet.h."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from voxnas.export.header.parts import (
    Array,
    Parts,
    activation_numbers,
    bias,
    history_floats,
    join,
    settled,
    taps,
)
from voxnas.kernels.activations import name_of
from voxnas.models.layer_array import LayerArray
from voxnas.models.wavenet import WaveNet


def parts(network: WaveNet) -> Parts:
    """C++ types and numbers of a WaveNet; `head_scale` becomes a part of the last head."""
    arrays: list[tuple[LayerArray, Any]] = list(zip(network.shapes, network.arrays, strict=True))
    types, weights, floats = [], [], 2 * 128
    for index, (shape, array) in enumerate(arrays):
        is_last = index == len(arrays) - 1
        types.append(_array_type(shape, array, is_last))
        weights += list(_array_weights(shape, array, network.head_scale if is_last else 1.0, is_last))
        floats += _array_floats(shape, array)
    return Parts(
        type=f"WaveNet<{', '.join(types)}>",
        runtime=("conv.h", "wavenet.h"),
        weights=join(weights),
        silence=settled(network.initial_state()),
        state_floats=floats,
    )


def _next(shape: LayerArray, index: int, is_last: bool) -> str:
    """Kind of the residual path behind a layer: none behind the last."""
    if is_last and index == len(shape.dilations) - 1:
        return "none"
    return "add" if shape.layer1x1 else "copy"


def _array_type(shape: LayerArray, array: Any, is_last: bool) -> str:
    layers = [
        f"Dilated<{_layer_type(shape, index, is_last)}, {dilation}>"
        for index, dilation in enumerate(shape.dilations)
    ]
    head = [shape.head_size, shape.head_kernel_size, shape.head_dilation, str(shape.head_bias).lower()]
    return f"\n    Array<{', '.join(map(str, [array.rechannel.weight.shape[1], *head, *layers]))}>"


def _layer_type(shape: LayerArray, index: int, is_last: bool) -> str:
    gating = shape.gating[index]
    secondary = "Identity" if gating == "none" else name_of(shape.secondary_activations[index])
    arguments = [
        shape.channels,
        shape.bottleneck,
        shape.kernel_sizes[index],
        shape.groups_input,
        name_of(shape.activations[index]),
        f"Gating::{gating}",
        secondary,
        f"Next::{_next(shape, index, is_last)}",
        shape.layer1x1_groups,
        shape.head1x1_channels or 0,
        shape.head1x1_groups,
    ]
    return f"\n      Layer<{', '.join(map(str, arguments))}>"


def _array_weights(shape: LayerArray, array: Any, scale: float, is_last: bool) -> Iterator[Array]:
    yield taps(array.rechannel)
    for index, layer in enumerate(array.layers):
        yield from (taps(layer.conv), taps(layer.mixin), bias(layer.conv))
        yield activation_numbers(shape.activations[index], layer.activation)
        if layer.secondary is not None:
            yield activation_numbers(shape.secondary_activations[index], layer.secondary)
        if _next(shape, index, is_last) == "add":
            yield from (taps(layer.residual), bias(layer.residual))
        if layer.head1x1 is not None:
            yield from (taps(layer.head1x1), bias(layer.head1x1))
    yield from (np.multiply(part, scale) for part in (taps(array.head), bias(array.head)))


def _array_floats(shape: LayerArray, array: Any) -> int:
    layers = sum(history_floats(shape.channels, layer.conv.past_samples) for layer in array.layers)
    return layers + history_floats(shape.head_width, array.head.past_samples) + 128 * shape.channels
