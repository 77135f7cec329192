"""Plain convolutional networks: a chain of convolutions, and a single one."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from voxnas.models.activations import Spec, activation, check_activation
from voxnas.models.base import State, StreamingNetwork
from voxnas.models.conv import CausalConv
from voxnas.utils.errors import InputError


class Chain(StreamingNetwork):
    """Convolutions in a row, the first of which have an activation each; `ConvNet` and `Linear` below.

    Args:
        name: a readable name.
        convolutions: from one channel to one.
        specs: the activations, checked.
    """

    def __init__(self, name: str, convolutions: Sequence[CausalConv], specs: Sequence[Spec]) -> None:
        super().__init__()
        self.name, self.specs = name, list(specs)
        self.convolutions = nn.ModuleList(convolutions)
        self.activations = nn.ModuleList(
            activation(spec, convolution.weight.shape[0])
            for spec, convolution in zip(specs, convolutions, strict=False)
        )
        self.receptive_field = 1 + sum(convolution.past_samples for convolution in convolutions)

    def forward(self, x: Tensor, controls: Tensor | None = None) -> Tensor:
        self._check(controls)
        return self._run(x, [None] * len(self.convolutions))[0]

    def initial_state(self, batch: int = 1, controls: Tensor | None = None) -> State:
        silence = next(self.parameters()).new_zeros(batch, 1, self.receptive_field)
        return self._run(silence, [c.empty_past(batch) for c in self.convolutions])[1]  # type: ignore[operator]

    def stream(self, x: Tensor, state: State, controls: Tensor | None = None) -> tuple[Tensor, State]:
        self._check(controls)
        return self._run(x, state)

    def _run(self, x: Tensor, state: Sequence[Tensor | None]) -> tuple[Tensor, State]:
        x = x.unsqueeze(2).contiguous(memory_format=torch.channels_last)
        after: State = []
        for index, (convolution, past) in enumerate(zip(self.convolutions, state, strict=True)):
            x, past = convolution.with_past(x, past)  # type: ignore[operator]
            after.append(past)
            if index < len(self.activations):
                x = self.activations[index](x)
        return x.squeeze(2), after

    @property
    def macs_per_sample(self) -> int:
        return sum(c.macs for c in self.convolutions)  # type: ignore[misc]


class ConvNet(Chain):
    """Dilated convolutions, each with an activation, and a 1×1 at the end.

    Args:
        channels: of every convolution.
        dilations: in samples, one per convolution.
        kernel_size: of all, or one per convolution; plug-in files hold 2.
        activation: of all; a name, or `{"type": name, parameter: value}`.
        name: a readable name; None for one after the sizes.

    Raises:
        InputError: sizes that cannot be, an unknown activation.
    """

    def __init__(
        self,
        channels: int = 16,
        dilations: Sequence[int] = (1, 2, 4, 8, 16, 32, 64, 128),
        kernel_size: int | Sequence[int] = 2,
        activation: Spec = "Tanh",
        name: str | None = None,
    ) -> None:
        kernels = [kernel_size] * len(dilations) if isinstance(kernel_size, int) else list(kernel_size)
        sizes = [channels, *dilations, *kernels]
        if not dilations or any(type(size) is not int or size < 1 for size in sizes):
            raise InputError("ConvNet: channels, dilations and kernel sizes are whole numbers from 1")
        if len(kernels) != len(dilations):
            raise InputError(f"ConvNet: kernel_size has {len(kernels)} entries for {len(dilations)} layers")
        self.channels, self.dilations, self.kernel_sizes = channels, list(dilations), kernels
        self.activation = check_activation(activation)
        inputs = [1, *[channels] * (len(kernels) - 1)]
        convolutions = [
            CausalConv(count, channels, kernel, dilation)
            for count, kernel, dilation in zip(inputs, kernels, dilations, strict=True)
        ]
        super().__init__(
            name or f"convnet-l{len(dilations)}-c{channels}-k{max(kernels)}",
            [*convolutions, CausalConv(channels, 1)],
            [self.activation] * len(dilations),
        )

    def architecture(self) -> dict[str, Any]:
        sizes = {"channels": self.channels, "dilations": self.dilations, "kernel_size": self.kernel_sizes}
        return {"type": "ConvNet", "name": self.name, **sizes, "activation": self.activation}

    def summary(self) -> dict[str, Any]:
        layers = {"num_layers": len(self.dilations), "channels": self.channels}
        return {**layers, "kernel_size": max(self.kernel_sizes)}


class Linear(Chain):
    """A finite impulse response of `taps` samples.

    Args:
        taps: its length.
        bias: add a constant.
        name: a readable name; None for one after the size.

    Raises:
        InputError: a length that cannot be.
    """

    def __init__(self, taps: int = 2048, bias: bool = False, name: str | None = None) -> None:
        if type(taps) is not int or taps < 1:
            raise InputError(f"Linear: taps is a whole number from 1, got {taps!r}")
        super().__init__(name or f"linear-{taps}", [CausalConv(1, 1, taps, bias=bias)], [])

    def architecture(self) -> dict[str, Any]:
        bias = self.convolutions[0].bias is not None
        return {"type": "Linear", "name": self.name, "taps": self.receptive_field, "bias": bias}

    def summary(self) -> dict[str, Any]:
        return {"num_layers": 1, "channels": 1, "kernel_size": self.receptive_field}
