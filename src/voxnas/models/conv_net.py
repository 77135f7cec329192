"""Plain convolutional networks: a chain of convolutions, and a single one."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from voxnas.kernels.graph import Step
from voxnas.models.activations import PReLU, Spec, activation, check_activation
from voxnas.models.base import State
from voxnas.models.conv import CausalConv
from voxnas.models.programmed import ConvolutionalNetwork, convolution_step
from voxnas.utils.errors import InputError


class Chain(ConvolutionalNetwork):
    """Convolutions in a row, the first of which have an activation each; `ConvNet` and `Linear` below.

    Args:
        name: a readable name.
        convolutions: from one channel to one.
        specs: the activations, checked.
        backend: of training; see `ProgramNetwork`.
    """

    def __init__(
        self, name: str, convolutions: Sequence[CausalConv], specs: Sequence[Spec], backend: str = "auto"
    ) -> None:
        super().__init__()
        self.use(backend)
        self.name, self.specs = name, list(specs)
        self.convolutions = nn.ModuleList(convolutions)
        self.activations = nn.ModuleList(
            activation(spec, convolution.weight.shape[0])
            for spec, convolution in zip(specs, convolutions, strict=False)
        )
        self.receptive_field = 1 + sum(convolution.past_samples for convolution in convolutions)

    @property
    def _convolutions(self) -> list[CausalConv]:
        return list(self.convolutions)  # type: ignore[arg-type]

    def program(self) -> list[Step]:
        """The network as steps that native code trains."""
        steps: list[Step] = []
        for index, convolution in enumerate(self._convolutions):
            steps.append(convolution_step(convolution, len(steps)))
            if index < len(self.specs):
                follows, channels = self.activations[index], len(convolution.weight)
                slopes = follows.slopes if isinstance(follows, PReLU) else None
                spec = self.specs[index]
                steps.append(Step("activation", (len(steps),), channels, 1, weight=slopes, activation=spec))
        return steps

    def _run(
        self, x: Tensor, state: Sequence[Tensor | None], heard: Tensor | None = None
    ) -> tuple[Tensor, State]:
        x = x.unsqueeze(2).contiguous(memory_format=torch.channels_last)
        after: State = []
        for index, (convolution, past) in enumerate(zip(self._convolutions, state, strict=True)):
            x, past = convolution.with_past(x, past)
            after.append(past)
            if index < len(self.activations):
                x = self.activations[index](x)
        return x.squeeze(2), after

    @property
    def macs_per_sample(self) -> int:
        return sum(convolution.macs for convolution in self._convolutions)


class ConvNet(Chain):
    """Dilated convolutions, each with an activation, and a 1×1 at the end.

    Args:
        channels: of every convolution.
        dilations: in samples, one per convolution.
        kernel_size: of all, or one per convolution; plug-in files hold 2.
        activation: of all; a name, or `{"type": name, parameter: value}`.
        name: a readable name; None for one after the sizes.
        backend: of training; see `ProgramNetwork`.

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
        backend: str = "auto",
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
            backend,
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
        backend: of training; see `ProgramNetwork`.

    Raises:
        InputError: a length that cannot be.
    """

    def __init__(
        self, taps: int = 2048, bias: bool = False, name: str | None = None, backend: str = "auto"
    ) -> None:
        if type(taps) is not int or taps < 1:
            raise InputError(f"Linear: taps is a whole number from 1, got {taps!r}")
        super().__init__(name or f"linear-{taps}", [CausalConv(1, 1, taps, bias=bias)], [], backend)

    def architecture(self) -> dict[str, Any]:
        bias = self.convolutions[0].bias is not None
        return {"type": "Linear", "name": self.name, "taps": self.receptive_field, "bias": bias}

    def summary(self) -> dict[str, Any]:
        return {"num_layers": 1, "channels": 1, "kernel_size": self.receptive_field}
