"""Initial weights of a WaveNet.

Narrow networks have few units to lose, and independent draws lose some: two channels that say the same, a
unit that hardly hears the input. From one seed in eight an array of 4 channels and one of 3 then ended at ten
times the others' ESR. So the draws are random, but never alike.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from voxnas.models.conv import CausalConv

if TYPE_CHECKING:
    from voxnas.models.wavenet_layers import Layer

GAIN = 3**-0.5  # as long as rows of `CausalConv`'s own draw: with 1, wide networks learned slower
BIAS = 0.01  # of its draw: units start around silence; not 0, so that one lost in an export still shows


@torch.no_grad()
def start(rechannel: CausalConv, layers: "Sequence[Layer]", head: CausalConv) -> None:
    """Draw an array's weights so that its units differ.

    The convolutions over time, the residual ones and that between two arrays are orthogonal (Saxe et al.,
    2014, "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks"). What mixes
    in the input has magnitudes from .5 to 1 and signs that alternate from unit to unit and from layer to
    layer. Biases are small. Heads, and what lets the input into the first array, keep `CausalConv`'s draw.
    """
    if head.weight.is_meta:
        return
    if rechannel.weight.shape[1] > 1:
        orthogonal(rechannel, 1.0)  # the level is kept from array to array
    for index, layer in enumerate(layers):
        orthogonal(layer.conv)
        if layer.residual is not None:
            orthogonal(layer.residual)
        alternate(layer.mixin.weight, index)
    for module in (head, *(module for layer in layers for module in layer.modules())):
        if isinstance(module, CausalConv) and module.bias is not None:
            module.bias.mul_(BIAS)


@torch.no_grad()
def orthogonal(convolution: CausalConv, gain: float = GAIN) -> None:
    """Make the rows of each group orthogonal (the columns where there are fewer), and `gain` long."""
    for group in convolution.weight.chunk(convolution.groups):
        group.copy_(nn.init.orthogonal_(torch.empty(len(group), group[0].numel()), gain).view_as(group))


@torch.no_grad()
def alternate(weight: Tensor, first: int) -> None:
    """Draw magnitudes from .5 to 1; the signs along the first dimension take turns, `first` shifts them."""
    units = torch.arange(first, first + len(weight)).view(-1, *[1] * (weight.ndim - 1))
    weight.uniform_(0.5, 1.0).mul_(2.0 * (units % 2) - 1.0)
