"""The WaveNet of plug-in files with all that `WaveNet` leaves out.

FiLM in its layers, a network of its own that makes the condition, and a head behind its arrays.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from voxnas.kernels.graph import Step
from voxnas.models.algebra import Algebra, Played, Reach, S, Told
from voxnas.models.base import State, StreamingNetwork
from voxnas.models.conv import CausalConv
from voxnas.models.conv_net import Chain, ConvNet, Linear
from voxnas.models.film import FilmArray
from voxnas.models.film_layers import FilmLayers, PostHead
from voxnas.models.layer_array import check_chain
from voxnas.utils.errors import InputError

CHAINS = {"ConvNet": ConvNet, "Linear": Linear}


class Stack(nn.Module):
    """Arrays of layers, what makes their condition, and a head behind them; the arguments are below.

    `outputs` is how many signals it makes of one.
    """

    def __init__(
        self,
        layer_arrays: Sequence[Mapping[str, Any]],
        head_scale: float = 0.02,
        head: Mapping[str, Any] | None = None,
        condition: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.outputs: int
        self.condition = None if condition is None else _condition(**condition)
        width = self.condition.outputs if isinstance(self.condition, Stack) else 1
        self.condition_size, self.head_scale = width, float(head_scale)
        self.shapes = [FilmArray.of(**array) for array in layer_arrays]
        check_chain([array.shape for array in self.shapes], None)
        inputs = [1, *(array.shape.channels for array in self.shapes)]
        self.arrays = nn.ModuleList(
            FilmLayers(array, n, width) for array, n in zip(self.shapes, inputs, strict=False)
        )
        ends = self.shapes[-1].shape.head_size
        self.head = None if head is None else PostHead(ends, **head)
        self.outputs = ends if self.head is None else self.head.outputs

    def arguments(self) -> dict[str, Any]:
        """Those that make the same."""
        condition = None
        if isinstance(self.condition, Chain):
            condition = self.condition.architecture()
        elif self.condition is not None:
            condition = {"type": "WaveNet", **self.condition.arguments()}
        return {
            "layer_arrays": [array.arguments() for array in self.shapes],
            "head_scale": self.head_scale,
            "head": None if self.head is None else dict(self.head.arguments()),
            "condition": condition,
        }

    def compute(self, on: Algebra[S], x: S) -> S:
        """The signal of `outputs` channels that it makes of x."""
        condition = x
        if isinstance(self.condition, Chain):
            condition = _through(on, self.condition, x)
        elif self.condition is not None:
            condition = self.condition.compute(on, x)
        head: S | None = None
        for index, array in enumerate(self.arrays, 1):
            last = index == len(self.arrays)
            factor = self.head_scale if last else 1.0
            x, head = cast(FilmLayers, array).compute(on, x, condition, head, factor, last)
        assert head is not None
        return head if self.head is None else self.head.compute(on, head)


class ConditionedWaveNet(StreamingNetwork):
    """A WaveNet whose layers have FiLM, whose condition has a network, or whose arrays end in a head.

    What plays `WaveNet` and `stack` of such forms is PyTorch in training, and a program of steps as a stream.

    Args:
        layer_arrays: the arguments of `FilmArray.of`; arrays follow each other as those of `WaveNet`.
        head_scale: the factor of the last array's head.
        head: behind the arrays: the arguments of `PostHead`, but for its inputs; or None.
        condition: what makes the condition of all layers, which is the input itself where this is None:
            `{"type": "WaveNet"}` and these same arguments, of as many outputs as it likes; or the
            architecture of a ConvNet or a Linear.
        name: a readable name.

    Raises:
        InputError: parts that do not fit each other.
    """

    def __init__(
        self,
        layer_arrays: Sequence[Mapping[str, Any]],
        head_scale: float = 0.02,
        head: Mapping[str, Any] | None = None,
        condition: Mapping[str, Any] | None = None,
        name: str = "wavenet-film",
    ) -> None:
        super().__init__()
        self.name = name
        self.stack = Stack(layer_arrays, head_scale, head, condition)
        if self.stack.outputs != 1:
            raise InputError(f"WaveNet: it ends in one signal, not {self.stack.outputs}")
        self.receptive_field = 1 + self.stack.compute(Reach(), 0)

    def forward(self, x: Tensor, controls: Tensor | None = None) -> Tensor:
        self._check(controls)
        return self._run(x, None)[0]

    def initial_state(self, batch: int = 1, controls: Tensor | None = None) -> State:
        """State after a receptive field of zeros, which the plug-in runs as well."""
        reach = Reach()
        self.stack.compute(reach, 0)
        silence = next(self.parameters()).new_zeros(batch, 1, self.receptive_field)
        return self._run(silence, iter([c.empty_past(batch) for c in reach.with_past]))[1]

    def stream(self, x: Tensor, state: State, controls: Tensor | None = None) -> tuple[Tensor, State]:
        self._check(controls)
        return self._run(x, iter(state))

    def _run(self, x: Tensor, pasts: Iterator[Tensor] | None) -> tuple[Tensor, State]:
        played = Played(pasts)
        y = self.stack.compute(played, x.unsqueeze(2).contiguous(memory_format=torch.channels_last))
        return y.squeeze(2), played.after

    def program(self) -> list[Step]:
        """The network as steps that native code plays."""
        told = Told()
        self.stack.compute(told, 0)
        return told.steps

    @property
    def macs_per_sample(self) -> int:
        return sum(module.macs for module in self.modules() if isinstance(module, CausalConv))

    def architecture(self) -> dict[str, Any]:
        return {"type": "ConditionedWaveNet", "name": self.name, **self.stack.arguments()}

    def summary(self) -> dict[str, Any]:
        shapes = [array.shape for array in self.stack.shapes]
        return {
            "num_layers": sum(len(shape.dilations) for shape in shapes),
            "channels": max(shape.channels for shape in shapes),
            "kernel_size": max(kernel for shape in shapes for kernel in shape.kernel_sizes),
        }


def _condition(type: str, **arguments: Any) -> Stack | Chain:
    if type in CHAINS:
        return CHAINS[type](**arguments)
    if type != "WaveNet":
        raise InputError(f"WaveNet: its condition is a WaveNet, ConvNet or Linear, not {str(type)[:40]!r}")
    return Stack(**arguments)


def _through(on: Algebra[S], chain: Chain, x: S) -> S:
    """A chain's output."""
    for index, convolution in enumerate(chain.convolutions):
        (x,) = on.convolve(cast(CausalConv, convolution), x)
        if index < len(chain.specs):
            x = on.activate(chain.activations[index], chain.specs[index], x)
    return x
