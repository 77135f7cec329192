"""Training in native code of a WaveNet array that is a mixture of many, as a differentiable search wants it.

A layer's convolution has taps wherever any of its options has one; its activation is a weighted sum of
several, and its gate counts as much as a weight says. These weights are parameters like the others and get
gradients.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from voxnas.kernels.activations import DEFAULTS, TRAINED, as_integers
from voxnas.kernels.build import Unavailable, load
from voxnas.kernels.wavenet import GATING, TILE, TILE_VALUES, NativeWaveNet

MIXED = TRAINED[: TRAINED.index("PReLU")]  # kMixed in activations.h
_MIXTURE, _SOFT = 100, len(GATING)  # Kind::Mixture in activations.h, Gating::Soft in wavenet.h


@dataclass(frozen=True)
class MixedLayer:
    """Form of one layer.

    Attributes:
        taps: how many samples each looks back, ascending from 0.
        activations: those of `MIXED` that are used; the weights of the others get no gradient.
        gated: whether there is a gate, so that the convolution has twice as many outputs.
    """

    taps: tuple[int, ...]
    activations: tuple[str, ...]
    gated: bool


class NativeMixture(NativeWaveNet):
    """Native form of such an array; called like a `NativeWaveNet`.

    The parameters are, in this order: rechannel; per layer the convolution `(outputs, channels, taps)`, the
    current sample last, its bias, the mix-in, the `len(MIXED)` weights of the activations and, if gated, the
    one of the gate, the residual and its bias; the head and its bias.

    Raises:
        Unavailable: no library can be built here, or an activation has no native form.
    """

    def __init__(self, channels: int, layers: Sequence[MixedLayer]) -> None:
        if unknown := {name for layer in layers for name in layer.activations} - set(MIXED):
            raise Unavailable(f"a mixture with {', '.join(sorted(unknown))} trains on PyTorch only")
        self.shape = np.array(_shape_list(channels, layers), np.int64)
        self.unused = (-4, -3)  # the last layer's residual leads nowhere
        self.tile = min(TILE, TILE_VALUES // channels)
        self._memory: dict[tuple[int, ...], list[int]] = {}
        load("wavenet_train.cpp")


def _shape_list(channels: int, layers: Sequence[MixedLayer]) -> list[int]:
    """List of integers for wavenet.h; see `voxnas.kernels.wavenet.shape_list`."""
    shape = [1, 1, channels, channels, 1, 1, 1, 0, 1, 1, 1, 1, len(layers)]
    for layer in layers:
        used = sum(1 << MIXED.index(name) for name in layer.activations)
        constants = np.array([DEFAULTS["LeakyReLU"]["negative_slope"], used, 0, 0], np.float32)
        shape += [len(layer.taps), 0, _SOFT if layer.gated else GATING.index("none")]
        shape += [_MIXTURE, *constants.view(np.int32).tolist(), *as_integers("Sigmoid", MIXED), *layer.taps]
    return [*shape, 1]
