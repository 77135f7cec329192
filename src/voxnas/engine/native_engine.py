"""Streaming engine of compiled code: the cost in a plug-in, without PyTorch's cost per call."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from voxnas.engine.base import StreamingEngine, check_mono
from voxnas.kernels.build import Unavailable
from voxnas.kernels.form import NativeForm
from voxnas.kernels.graph import Step
from voxnas.kernels.stream_chain import Link, chain_form
from voxnas.kernels.stream_graph import graph_form
from voxnas.kernels.stream_recurrent import recurrent_form
from voxnas.kernels.stream_wavenet import wavenet_form
from voxnas.models.activations import PReLU
from voxnas.models.base import StreamingNetwork, check_controls
from voxnas.models.conv import CausalConv
from voxnas.models.conv_net import Chain
from voxnas.models.recurrent import Recurrent
from voxnas.models.wavenet import WaveNet


@runtime_checkable
class Programmed(Protocol):
    """Network that tells its computation as a list of steps."""

    def program(self) -> Sequence[Step]: ...


class NativeEngine(StreamingEngine):
    """Streaming engine of compiled code, on one thread, in float32, with a copy of the network's weights.

    Its tanh and sigmoid are exact to 1e-6, and it flushes numbers too small to hear to zero.

    Raises:
        Unavailable: no library can be built here, or the network has no native form.
        InputError: the network's program is malformed.
    """

    name = "native"

    def __init__(self, network: StreamingNetwork | Programmed) -> None:
        self._stream = native_form(network).stream()

    @classmethod
    def of_program(cls, steps: Sequence[Step]) -> "NativeEngine":
        """Engine of a program without a network."""
        return cls(_Program(steps))

    def reset(self) -> None:
        self._stream.reset()

    def process(
        self, block: NDArray[np.float32], controls: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        check_mono(block)
        if controls is not None:  # no network that plays natively follows any
            check_controls(controls.shape, self.num_controls)
        return self._stream.process(block)


@dataclass(frozen=True)
class _Program:
    steps: Sequence[Step]

    def program(self) -> Sequence[Step]:
        return self.steps


def native_form(network: StreamingNetwork | Programmed) -> NativeForm:
    """What native code is given to play the network; raises as `NativeEngine`."""
    if isinstance(network, WaveNet):
        field = network.receptive_field
        return wavenet_form(network.shapes, _flat(network), network.head_scale, field)
    if isinstance(network, Recurrent):
        kind, start = type(network).__name__, _values(network.start)
        sizes = (network.num_layers, network.hidden_size)
        skip_gain = network.skip_gain if network.skip else 0.0
        return recurrent_form(kind, *sizes, skip_gain, _flat(network), start)
    if isinstance(network, Chain):
        return chain_form(_links(network))
    if isinstance(network, Programmed):
        return graph_form(network.program())
    raise Unavailable(f"the network {type(network).__name__} has no native form")


def _links(network: Chain) -> list[Link]:
    links = []
    for i, convolution in enumerate(network.convolutions):
        assert isinstance(convolution, CausalConv)
        weight, bias = _values(convolution.weight), convolution.bias
        follows = network.activations[i] if i < len(network.specs) else None
        links.append(
            Link(
                weight,
                None if bias is None else _values(bias),
                convolution.dilation,
                None if follows is None else network.specs[i],
                _values(follows.slopes) if isinstance(follows, PReLU) else None,
            )
        )
    return links


def _flat(network: nn.Module) -> NDArray[np.float32]:
    """Parameters in the module's order, which is that of plug-in files, flat."""
    return np.concatenate([_values(parameter).ravel() for parameter in network.parameters()])


def _values(tensor: Tensor) -> NDArray[np.float32]:
    return tensor.detach().cpu().float().numpy()
