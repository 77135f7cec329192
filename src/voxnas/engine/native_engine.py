"""Streaming engine of compiled code: the cost in a plug-in, without PyTorch's cost per call."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from voxnas.engine.base import GLIDE, StreamingEngine, check_mono
from voxnas.kernels.build import Unavailable
from voxnas.kernels.form import NativeForm
from voxnas.kernels.graph import Step
from voxnas.kernels.stream_chain import Link, chain_form
from voxnas.kernels.stream_graph import graph_form
from voxnas.kernels.stream_recurrent import recurrent_form, with_delay
from voxnas.kernels.stream_wavenet import wavenet_form
from voxnas.models.activations import PReLU
from voxnas.models.base import StreamingNetwork
from voxnas.models.control_mix import ControlMix
from voxnas.models.control_weights import ControlWeights
from voxnas.models.controls import encode
from voxnas.models.conv import CausalConv
from voxnas.models.conv_net import Chain
from voxnas.models.filmed import FilmedNetwork
from voxnas.models.programmed import ProgramNetwork
from voxnas.models.recurrent import Recurrent
from voxnas.models.state_delay import StateDelay
from voxnas.models.wavenet import WaveNet
from voxnas.models.weighed import WeighedNetwork


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
        self._follow(network)
        if self.controls:
            at_rest = np.array(encode(self.controls, {}), np.float32)
            arrays = control_arrays(network)
            follow = self._stream.follow_weights if "changes" in arrays else self._stream.follow
            follow(values=at_rest, **arrays)

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
        if controls is not None:
            self._move(controls, GLIDE)
        return self._stream.process(block)

    def _move(self, values: NDArray[np.float32], glide: int) -> None:
        super()._move(values, glide)
        self._stream.control(values, glide)


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
    if isinstance(network, StateDelay):
        return with_delay(native_form(network.inner), network.first, network.taps)
    if isinstance(network, Chain):
        return chain_form(_links(network))
    if isinstance(network, Programmed):
        return graph_form(network.program())
    raise Unavailable(f"the network {type(network).__name__} has no native form")


def control_arrays(network: StreamingNetwork | Programmed) -> dict[str, Any]:
    """What controls do to a network, as `Stream.follow_weights` takes it where all weights follow, else as
    `Stream.follow`, which has `scale` None where controls add alone.

    Raises Unavailable where they do so in no native form.
    """
    if isinstance(network, WeighedNetwork) and network.control_weights is not None:
        return {"changes": _values(network.control_weights.changes(network.numbers())).T}
    return {"mix": _mix(network), "scale": _scale(network)}


def _mix(network: StreamingNetwork | Programmed) -> NDArray[np.float32]:
    """What controls add to the rows of a network's biases, `(rows, k)`."""
    if isinstance(network, StateDelay):
        return _mix(network.inner)
    if isinstance(network, Recurrent):
        return _values(network.layer(0)[0])[:, 1:]
    if isinstance(network, FilmedNetwork) and network.control_mix is not None:
        return _values(network.control_mix.weight)
    raise Unavailable(f"the network {type(network).__name__} follows controls in no native form")


def _scale(network: StreamingNetwork | Programmed) -> NDArray[np.float32] | None:
    """By how much controls multiply the rows, beside 1; None where they do not."""
    if isinstance(network, FilmedNetwork) and network.control_scale is not None:
        return _values(network.control_scale.weight)
    if isinstance(network, ProgramNetwork):  # whose films multiply, if only by 1
        return np.zeros_like(_mix(network))
    return None


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
    """Parameters in the module's order, which is that of plug-in files, flat, but for those of controls."""
    own = [
        values
        for module in network.children()
        if not isinstance(module, ControlMix | ControlWeights)
        for values in _of(module)
    ]
    return np.concatenate(own)


def _of(module: nn.Module) -> Iterator[NDArray[np.float32]]:
    for name, parameter in module.named_parameters():
        values = _values(parameter)
        yield (values[:, :1] if name == "weight_ih_l0" else values).ravel()


def _values(tensor: Tensor) -> NDArray[np.float32]:
    return tensor.detach().cpu().float().numpy()
