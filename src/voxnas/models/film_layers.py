"""Modules of a WaveNet that has FiLM: a layer, an array of layers, and a head behind all arrays."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from torch import nn

from voxnas.models.activations import activation as activation_module
from voxnas.models.activations import check_activation
from voxnas.models.algebra import Algebra, S
from voxnas.models.conv import CausalConv
from voxnas.models.film import SLOTS, FilmArray, FilmMap
from voxnas.models.initial import start
from voxnas.models.wavenet_layers import Layer
from voxnas.utils.errors import InputError


class FilmLayer(Layer):
    """Layer of a WaveNet with FiLM; its parameters are in the order of plug-in files."""

    def __init__(self, array: FilmArray, index: int, condition: int) -> None:
        shape = array.shape
        super().__init__(shape, index, condition, array.mixin_groups)
        self.specs = shape.activations[index], shape.secondary_activations[index]
        self.films = nn.ModuleDict(
            {
                slot: FilmMap(condition, array.width(slot, index, condition), array.films[slot])
                for slot in SLOTS
                if slot in array.films
            }
        )

    def compute(self, on: Algebra[S], x: S, condition: S, last: bool) -> tuple[S, S]:
        """The residual path and condition in; the next residual path and the head's part out.

        Behind the last layer of all nothing hears the residual path, and x is what comes out.
        """

        def film(slot: str, *signal: S) -> list[S]:
            if slot not in self.films:
                return list(signal)
            return cast(FilmMap, self.films[slot]).compute(on, signal, condition)

        parts = 1 if self.secondary is None else 2
        heard = film("conv_post", *on.convolve(self.conv, film("conv_pre", x)[0], parts))
        mixed = on.convolve(self.mixin, film("input_mixin_pre", condition)[0], parts)
        sums = zip(heard, film("input_mixin_post", *mixed), strict=True)
        z = self._activated(on, film("activation_pre", *(on.add(a, b) for a, b in sums)))
        (z,) = film("activation_post", z)
        if self.residual is not None and not last:
            (more,) = film("layer1x1_post", *on.convolve(self.residual, z))
            x = on.add(x, more)
        return x, z if self.head1x1 is None else film("head1x1_post", *on.convolve(self.head1x1, z))[0]

    def _activated(self, on: Algebra[S], z: Sequence[S]) -> S:
        spec, secondary = self.specs
        active = on.activate(self.activation, spec, z[0])
        if self.secondary is None:
            return active
        gate = on.activate(self.secondary, secondary, z[1])
        if self.gating == "gated":
            return on.multiply(active, gate)
        return on.add(z[0], on.multiply(gate, on.subtract(active, z[0])))


class FilmLayers(nn.Module):
    """A layer array."""

    def __init__(self, array: FilmArray, input_size: int, condition: int) -> None:
        super().__init__()
        array.check(condition)
        shape = array.shape
        self.rechannel = CausalConv(input_size, shape.channels, bias=False)
        layers = [FilmLayer(array, index, condition) for index in range(len(shape.dilations))]
        self.layers = nn.ModuleList(layers)
        sizes = (shape.head_width, shape.head_size, shape.head_kernel_size, shape.head_dilation)
        self.head = CausalConv(*sizes, bias=shape.head_bias)
        start(self.rechannel, layers, self.head)

    def compute(
        self, on: Algebra[S], x: S, condition: S, head: S | None, factor: float, last: bool
    ) -> tuple[S, S]:
        """The residual path and `factor` times the head; nothing hears the former behind the last array."""
        (x,) = on.convolve(self.rechannel, x)
        for index, layer in enumerate(self.layers, 1):
            ends = last and index == len(self.layers)
            x, z = cast(FilmLayer, layer).compute(on, x, condition, ends)
            head = z if head is None else on.add(head, z)
        assert head is not None
        return x, on.convolve(self.head, head, factor=factor)[0]


class PostHead(nn.Module):
    """Convolutions with a bias behind all arrays, an activation before each.

    Args:
        inputs: channels of what goes in.
        channels: between convolutions.
        outputs: of the last.
        kernel_sizes: one per convolution.
        activation: of all; a name, or `{"type": name, parameter: value}`.

    Raises:
        InputError: sizes that cannot be, an unknown activation.
    """

    def __init__(
        self,
        inputs: int,
        channels: int,
        kernel_sizes: Sequence[int],
        activation: Any = "ReLU",
        outputs: int = 1,
    ) -> None:
        super().__init__()
        if not kernel_sizes or any(type(s) is not int or s < 1 for s in (channels, outputs, *kernel_sizes)):
            raise InputError("WaveNet: a head's channels, outputs and kernel sizes are whole numbers from 1")
        self.spec, self.channels, self.outputs = check_activation(activation), channels, outputs
        self.kernel_sizes = list(kernel_sizes)
        widths = [inputs, *[channels] * (len(kernel_sizes) - 1), outputs]
        self.activations = nn.ModuleList(activation_module(self.spec, width) for width in widths[:-1])
        self.convolutions = nn.ModuleList(
            CausalConv(*sizes) for sizes in zip(widths, widths[1:], kernel_sizes, strict=False)
        )

    def arguments(self) -> Mapping[str, Any]:
        """Those that make the same, but for `inputs`."""
        sizes = {"channels": self.channels, "kernel_sizes": self.kernel_sizes, "outputs": self.outputs}
        return {**sizes, "activation": self.spec}

    def compute(self, on: Algebra[S], x: S) -> S:
        for module, convolution in zip(self.activations, self.convolutions, strict=True):
            (x,) = on.convolve(cast(CausalConv, convolution), on.activate(module, self.spec, x))
        return x
