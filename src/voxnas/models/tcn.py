"""Temporal convolutional network: few convolutions whose dilations grow fast, each beside a residual.

After Bai et al. (2018), "An Empirical Evaluation of Generic Convolutional and Recurrent Networks for Sequence
Modeling", as Steinmetz and Reiss (2022), "Efficient Neural Networks for Real-time Modeling of Analog Dynamic
Range Compression", use it for audio: long kernels, dilations in powers of up to 10.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from voxnas.kernels.graph import Step
from voxnas.models.activations import PReLU, Spec, activation, check_activation
from voxnas.models.base import State
from voxnas.models.controls import Control, as_controls
from voxnas.models.conv import CausalConv
from voxnas.models.filmed import FilmedNetwork, Turned, turn
from voxnas.models.programmed import ConvolutionalNetwork, convolution_step
from voxnas.utils.errors import InputError


class Block(nn.Module):
    """`activation(convolution(x)) + residual(x)`, the residual a 1×1 without a bias.

    Args:
        inputs, channels: of the signal before and after it.
        kernel_size, dilation: of the convolution.
        spec: the activation, checked.
    """

    def __init__(self, inputs: int, channels: int, kernel_size: int, dilation: int, spec: Spec) -> None:
        super().__init__()
        self.convolution = CausalConv(inputs, channels, kernel_size, dilation)
        self.activation = activation(spec, channels)
        self.residual = CausalConv(inputs, channels, bias=False)

    def forward(self, x: Tensor, past: Tensor | None, turned: Turned | None = None) -> tuple[Tensor, Tensor]:
        """With a past as many samples as went in, without one fewer by what it looks back; the next past.

        Controls have `turned` what goes into the activation.
        """
        y, after = self.convolution.with_past(x, past)
        return self.activation(turn(y, turned)) + self.residual(x[..., x.shape[-1] - y.shape[-1] :]), after


class TCN(ConvolutionalNetwork, FilmedNetwork):
    """Blocks whose dilations are 1, dilation_base, dilation_base², …, and a 1×1 at the end.

    Args:
        channels: of every block.
        num_layers: blocks.
        kernel_size: of every block.
        dilation_base: the factor from block to block.
        activation: of all; a name, or `{"type": name, parameter: value}`.
        name: a readable name; None for one after the sizes.
        backend: of training; see `ProgramNetwork`.
        controls: those that it follows, or their plain values.
        conditioning: how, "mixin" or "film"; see `FilmedNetwork`. Steinmetz and Reiss have the film.

    Raises:
        InputError: sizes that cannot be, an unknown activation, conditioning or backend.
    """

    def __init__(
        self,
        channels: int = 8,
        num_layers: int = 4,
        kernel_size: int = 9,
        dilation_base: int = 6,
        activation: Spec = "PReLU",
        name: str | None = None,
        backend: str = "auto",
        controls: Sequence[Control | Mapping[str, Any]] = (),
        conditioning: str = "film",
    ) -> None:
        super().__init__()
        self.use(backend)
        sizes = (channels, num_layers, kernel_size, dilation_base)
        if any(type(size) is not int or size < 1 for size in sizes):
            known = "channels, num_layers, kernel_size and dilation_base"
            raise InputError(f"TCN: {known} are whole numbers from 1")
        self.channels, self.num_layers, self.kernel_size, self.dilation_base = sizes
        self.spec = check_activation(activation)
        self.name = name or f"tcn-l{num_layers}-c{channels}-k{kernel_size}-d{dilation_base}"
        self.blocks = nn.ModuleList(
            Block(channels if layer else 1, channels, kernel_size, dilation_base**layer, self.spec)
            for layer in range(num_layers)
        )
        self.head = CausalConv(channels, 1)
        self.receptive_field = 1 + sum(block.convolution.past_samples for block in self._blocks)
        self.condition(conditioning, as_controls(controls))

    @property
    def _blocks(self) -> list[Block]:
        return list(self.blocks)  # type: ignore[arg-type]

    @property
    def _convolutions(self) -> list[CausalConv]:
        return [block.convolution for block in self._blocks]

    @property
    def turned_convolutions(self) -> list[list[CausalConv]]:
        return [[convolution] for convolution in self._convolutions]

    def _changed(self) -> None:
        self._form = None

    def _run(
        self, x: Tensor, state: Sequence[Tensor | None], heard: Tensor | None = None
    ) -> tuple[Tensor, State]:
        x = x.unsqueeze(2).contiguous(memory_format=torch.channels_last)
        after: State = []
        turned = [None] * len(state) if heard is None else self._turned(heard)
        for block, past, by in zip(self._blocks, state, turned, strict=True):
            x, past = block(x, past, by)
            after.append(past)
        return self.head(x).squeeze(2), after

    def program(self) -> list[Step]:
        """The network as steps that native code plays and trains."""
        steps: list[Step] = []
        signal = 0  # that goes into the next block
        for block, film in zip(self._blocks, self._films(), strict=True):
            slopes = block.activation.slopes if isinstance(block.activation, PReLU) else None
            steps.append(convolution_step(block.convolution, signal))
            if film is not None:
                steps.append(Step("film", (len(steps),), self.channels, 1, weight=film))
            made = len(steps)
            steps += [
                Step("activation", (made,), self.channels, 1, weight=slopes, activation=self.spec),
                convolution_step(block.residual, signal),
                Step("add", (made + 1, made + 2), self.channels, 1),
            ]
            signal = len(steps)
        return [*steps, convolution_step(self.head, signal)]

    @property
    def macs_per_sample(self) -> int:
        return sum(module.macs for module in self.modules() if isinstance(module, CausalConv))

    def architecture(self) -> dict[str, Any]:
        sizes = {"channels": self.channels, "num_layers": self.num_layers, "kernel_size": self.kernel_size}
        shape = {**sizes, "dilation_base": self.dilation_base, "activation": self.spec}
        return {"type": "TCN", "name": self.name, **shape} | self._followed()

    def summary(self) -> dict[str, Any]:
        return {
            "num_layers": self.num_layers,
            "channels": self.channels,
            "kernel_size": self.kernel_size,
        }
