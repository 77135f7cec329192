"""The shapes that the plug-in's engine plays by code of their own: those of its trainer's network A2.

The engine asks for every detail: one thing off, such as another slope, and a network of 3 channels costs four
times as much.
"""

from collections.abc import Sequence
from dataclasses import replace

from voxnas.kernels.activations import name_of, parameters_of
from voxnas.models.layer_array import LayerArray

A2_CHANNELS = (3, 8)
_SEVEN = [1, 3, 7, 17, 41, 101, 239]
_DILATIONS = [*_SEVEN, *_SEVEN, 1, 13, *_SEVEN]
_KERNEL_SIZES = [6] * 14 + [15] * 2 + [6] * 7
_SLOPE = {"negative_slope": 0.01}


def has_fast_path(shapes: Sequence[LayerArray]) -> bool:
    """Whether the plug-in's engine has code of its own for a WaveNet of these arrays."""
    if len(shapes) != 1 or shapes[0].channels not in A2_CHANNELS:
        return False
    (shape,) = shapes
    layers = len(_DILATIONS)
    if [name_of(a) for a in shape.activations] != ["LeakyReLU"] * layers:
        return False
    if any(dict(parameters_of(a)) != _SLOPE for a in shape.activations):
        return False
    a2 = LayerArray.of(shape.channels, _DILATIONS, _KERNEL_SIZES, head_kernel_size=16)
    return replace(shape, activations=a2.activations, secondary_activations=a2.secondary_activations) == a2
