"""Modules of a WaveNet: a layer, and an array of layers with its head."""

from collections.abc import Iterator

from torch import Tensor, nn

from voxnas.models.activations import activation
from voxnas.models.conv import CausalConv
from voxnas.models.filmed import Turned, turn
from voxnas.models.initial import start
from voxnas.models.layer_array import LayerArray


class Layer(nn.Module):
    """Layer of a WaveNet. The modules are in the order in which plug-in files have their weights."""

    def __init__(self, shape: LayerArray, index: int, condition: int = 1, mixin_groups: int = 1) -> None:
        super().__init__()
        self.gating = shape.gating[index]
        bottleneck, groups = shape.bottleneck, shape.groups_input
        inner = bottleneck if self.gating == "none" else 2 * bottleneck
        kernel_size, dilation = shape.kernel_sizes[index], shape.dilations[index]
        self.conv = CausalConv(shape.channels, inner, kernel_size, dilation, groups=groups)
        self.mixin = CausalConv(condition, inner, bias=False, groups=mixin_groups)
        self.activation = activation(shape.activations[index], bottleneck)
        self.secondary = None
        if self.gating != "none":
            self.secondary = activation(shape.secondary_activations[index], bottleneck)
        self.residual = self.head1x1 = None
        if shape.layer1x1:
            self.residual = CausalConv(bottleneck, shape.channels, groups=shape.layer1x1_groups)
        if shape.head1x1_channels is not None:
            self.head1x1 = CausalConv(bottleneck, shape.head1x1_channels, groups=shape.head1x1_groups)

    def forward(
        self, x: Tensor, condition: Tensor, past: Tensor | None, turned: Turned | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The residual path and condition in; the next residual path, the head's part and the past out.

        Controls have `turned` what goes into the activation: a factor or None, and what is added.
        """
        z, past = self.conv.with_past(x, past)
        length = z.shape[-1]
        z = self._activate(turn(z + self.mixin(condition[..., -length:]), turned))
        if self.residual is not None:
            x = x[..., -length:] + self.residual(z)
        return x, z if self.head1x1 is None else self.head1x1(z), past

    def _activate(self, z: Tensor) -> Tensor:
        if self.secondary is None:
            return self.activation(z)
        signal, gate = z.chunk(2, dim=1)
        active, gate = self.activation(signal), self.secondary(gate)
        if self.gating == "gated":
            return active * gate
        return gate * active + (1 - gate) * signal


class Array(nn.Module):
    def __init__(self, shape: LayerArray, input_size: int) -> None:
        super().__init__()
        self.rechannel = CausalConv(input_size, shape.channels, bias=False)
        layers = [Layer(shape, index) for index in range(len(shape.dilations))]
        self.layers = nn.ModuleList(layers)
        sizes = (shape.head_width, shape.head_size, shape.head_kernel_size, shape.head_dilation)
        self.head = CausalConv(*sizes, bias=shape.head_bias)
        start(self.rechannel, layers, self.head)

    def forward(
        self,
        x: Tensor,
        condition: Tensor,
        head: Tensor | None,
        state: list[Tensor | None],
        turned: Iterator[Turned] | None = None,
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        x = self.rechannel(x)
        after: list[Tensor] = []
        for layer, past in zip(self.layers, state, strict=False):
            x, z, past = layer(x, condition, past, None if turned is None else next(turned))
            after.append(past)
            head = z if head is None else _add(head, z)
        assert head is not None
        head, past = self.head.with_past(head, state[-1])
        return x, head, [*after, past]


def _add(a: Tensor, b: Tensor) -> Tensor:
    """The sum where both have samples: they end together, and the longer starts earlier."""
    length = min(a.shape[-1], b.shape[-1])
    return a[..., -length:] + b[..., -length:]
