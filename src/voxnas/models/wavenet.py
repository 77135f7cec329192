"""The WaveNet of the Neural Amp Modeler plug-in, so that every candidate can be played there.

A condition (the input itself) is mixed into every layer; each layer adds to a residual path and to a head
sum; several layer arrays follow each other. After van den Oord et al. (2016), "WaveNet: A Generative Model
for Raw Audio", as used for amps by Wright et al. (2020), "Real-Time Guitar Amplifier Emulation with Deep
Learning".
"""

import functools
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from voxnas.kernels.build import Unavailable
from voxnas.kernels.wavenet import NativeWaveNet
from voxnas.models.activations import ACTIVATIONS
from voxnas.models.base import Network, State
from voxnas.models.conv import CausalConv
from voxnas.utils.errors import InputError

BACKENDS = ("auto", "native", "torch")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LayerArray:
    """One stack of layers with the same channels. `kernel_sizes`, `activations` and `gated` are per layer."""

    channels: int
    dilations: Sequence[int]
    kernel_sizes: Sequence[int] = field(default_factory=list)
    activations: Sequence[str] = field(default_factory=list)
    gated: Sequence[bool] = field(default_factory=list)
    head_size: int = 1
    head_kernel_size: int = 1
    head_bias: bool = True

    @classmethod
    def of(
        cls,
        channels: int,
        dilations: Sequence[int],
        kernel_size: int | Sequence[int] = 3,
        activation: str | Sequence[str] = "Tanh",
        gated: bool | Sequence[bool] = False,
        head_size: int = 1,
        head_kernel_size: int = 1,
        head_bias: bool = True,
    ) -> "LayerArray":
        """Build one from single values or one value per layer; raises InputError on values that cannot be."""
        count = len(dilations)
        array = cls(
            channels=channels,
            dilations=list(dilations),
            kernel_sizes=_per_layer("kernel_size", kernel_size, count),
            activations=_per_layer("activation", activation, count),
            gated=_per_layer("gated", gated, count),
            head_size=head_size,
            head_kernel_size=head_kernel_size,
            head_bias=head_bias,
        )
        array._check()
        return array

    def _check(self) -> None:
        sizes = [self.channels, self.head_size, self.head_kernel_size, *self.dilations, *self.kernel_sizes]
        if not self.dilations or any(not isinstance(size, int) or size < 1 for size in sizes):
            raise InputError(
                f"WaveNet: channels, dilations and kernel sizes are whole numbers from 1, got {self}"
            )
        for name in self.activations:
            if name not in ACTIVATIONS:
                raise InputError(f"WaveNet: unknown activation {name!r}; one of {', '.join(ACTIVATIONS)}")


def _per_layer(what: str, value: Any, count: int) -> list[Any]:
    values = [value] * count if isinstance(value, str | int | bool) else list(value)
    if len(values) != count:
        raise InputError(f"WaveNet: {what} has {len(values)} entries for {count} layers")
    return values


class _Layer(nn.Module):
    def __init__(self, channels: int, kernel_size: int, dilation: int, activation: str, gated: bool) -> None:
        super().__init__()
        inner = 2 * channels if gated else channels
        self.conv = CausalConv(channels, inner, kernel_size, dilation)
        self.mixin = CausalConv(1, inner, bias=False)
        self.residual = CausalConv(channels, channels)
        self.activation = ACTIVATIONS[activation]
        self.gated = gated

    def forward(self, x: Tensor, condition: Tensor, past: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """The residual path and condition in; the next residual path, the activation and the past out."""
        z, past = self.conv.with_past(x, past)
        length = z.shape[-1]
        z = z + self.mixin(condition[..., -length:])
        if self.gated:
            signal, gate = z.chunk(2, dim=1)
            z = self.activation(signal) * torch.sigmoid(gate)
        else:
            z = self.activation(z)
        return x[..., -length:] + self.residual(z), z, past


class _Array(nn.Module):
    def __init__(self, shape: LayerArray, input_size: int) -> None:
        super().__init__()
        self.rechannel = CausalConv(input_size, shape.channels, bias=False)
        self.layers = nn.ModuleList(
            _Layer(shape.channels, *layer)
            for layer in zip(shape.kernel_sizes, shape.dilations, shape.activations, shape.gated, strict=True)
        )
        self.head = CausalConv(shape.channels, shape.head_size, shape.head_kernel_size, bias=shape.head_bias)

    def forward(
        self, x: Tensor, condition: Tensor, head: Tensor | None, state: list[Tensor | None]
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        x = self.rechannel(x)
        after: list[Tensor] = []
        for layer, past in zip(self.layers, state, strict=False):
            x, z, past = layer(x, condition, past)
            after.append(past)
            head = z if head is None else _add(head, z)
        assert head is not None
        head, past = self.head.with_past(head, state[-1])
        return x, head, [*after, past]


def receptive_field(shapes: Sequence[LayerArray]) -> int:
    """In samples, along the longest way to the output: a head's taps lie beside the next array's layers."""
    path = head = 0
    for shape in shapes:
        path += sum((k - 1) * d for k, d in zip(shape.kernel_sizes, shape.dilations, strict=True))
        head = max(head, path) + shape.head_kernel_size - 1
    return 1 + head


def _add(a: Tensor, b: Tensor) -> Tensor:
    """The sum where both have samples: they end together, and the longer starts earlier."""
    length = min(a.shape[-1], b.shape[-1])
    return a[..., -length:] + b[..., -length:]


class WaveNet(Network):
    """A WaveNet of one or more layer arrays.

    Args:
        layer_arrays: the arrays, or the arguments of `LayerArray.of`; an array's channels equal the
            previous one's head size, and the last head size is 1.
        head_scale: the output's factor, trained as a part of the weights in plug-in files.
        name: a readable name.
        backend: what computes `forward`: "native" (see voxnas.kernels; float32 on a CPU), "torch", or "auto"
            for native where it can be and PyTorch elsewhere. `stream` is always PyTorch's.

    Raises:
        InputError: arrays that do not fit each other; "native" where that cannot be.
    """

    def __init__(
        self,
        layer_arrays: Sequence[LayerArray | Mapping[str, Any]],
        head_scale: float = 0.02,
        name: str = "wavenet",
        backend: str = "auto",
    ) -> None:
        super().__init__()
        self.name = name
        if backend not in BACKENDS:
            raise InputError(f"WaveNet: unknown backend {backend!r}; one of {', '.join(BACKENDS)}")
        self.backend = backend
        self.shapes = [a if isinstance(a, LayerArray) else LayerArray.of(**a) for a in layer_arrays]
        _check_chain(self.shapes)
        inputs = [1, *(shape.channels for shape in self.shapes)]
        self.arrays = nn.ModuleList(_Array(s, n) for s, n in zip(self.shapes, inputs, strict=False))
        self.head_scale = float(head_scale)
        self.receptive_field = receptive_field(self.shapes)

    def _convolutions(self) -> list[CausalConv]:
        """Those with a past, in the order of the state: each layer's, then its array's head."""
        return [c for a in self.arrays for c in (*(layer.conv for layer in a.layers), a.head)]  # type: ignore[union-attr]

    def forward(self, x: Tensor) -> Tensor:
        native = self._native(x)
        if native is not None:
            return native(x, self.receptive_field, list(self.parameters()))
        return self._run(x, [None] * len(self._convolutions()))[0]

    def _native(self, x: Tensor) -> NativeWaveNet | None:
        """What computes `forward` instead of PyTorch, if the backend asked for and `x` allow it."""
        if self.backend == "torch" or x.device.type != "cpu" or x.dtype != torch.float32:
            return None
        try:
            return NativeWaveNet(self.shapes, self.head_scale)
        except Unavailable as reason:
            if self.backend == "native":
                raise InputError(f"WaveNet: backend=native cannot be: {reason}") from reason
            _say_once(str(reason))
            return None

    def initial_state(self, batch: int = 1) -> State:
        """Runs a receptive field of zeros, as the plug-in does."""
        silence = next(self.parameters()).new_zeros(batch, 1, self.receptive_field)
        empty = [convolution.empty_past(batch) for convolution in self._convolutions()]
        return self._run(silence, empty)[1]

    def stream(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        return self._run(x, state)

    def _run(self, x: Tensor, state: Sequence[Tensor | None]) -> tuple[Tensor, State]:
        """With the past given, as many samples come out as went in; without, the receptive field less."""
        condition = x = x.unsqueeze(2).contiguous(memory_format=torch.channels_last)
        head: Tensor | None = None
        after: State = []
        for array in self.arrays:
            own = list(state[len(after) : len(after) + len(array.layers) + 1])  # type: ignore[arg-type]
            x, head, past = array(x, condition, head, own)
            after += past
        assert head is not None
        return self.head_scale * head.squeeze(2), after

    @property
    def macs_per_sample(self) -> int:
        return sum(m.macs for m in self.modules() if isinstance(m, CausalConv))

    def architecture(self) -> dict[str, Any]:
        return self.arguments(self.shapes, self.head_scale, self.name)

    @staticmethod
    def arguments(shapes: Sequence[LayerArray], head_scale: float, name: str) -> dict[str, Any]:
        """What `architecture` says of a WaveNet of these arrays, without building it."""
        arrays = [_arguments(shape) for shape in shapes]
        return {"type": "WaveNet", "name": name, "layer_arrays": arrays, "head_scale": head_scale}

    def summary(self) -> dict[str, Any]:
        return {
            "num_layers": sum(len(shape.dilations) for shape in self.shapes),
            "channels": max(shape.channels for shape in self.shapes),
            "kernel_size": max(k for shape in self.shapes for k in shape.kernel_sizes),
        }


@functools.cache
def _say_once(reason: str) -> None:
    log.warning("training runs on PyTorch, several times slower than native code: %s", reason)


def _check_chain(shapes: Sequence[LayerArray]) -> None:
    if not shapes:
        raise InputError("WaveNet: needs at least one layer array")
    for before, after in pairwise(shapes):
        if after.channels != before.head_size:
            raise InputError(
                f"WaveNet: an array of {after.channels} channels follows one with head_size "
                f"{before.head_size}; the two must be equal"
            )
    if shapes[-1].head_size != 1:
        raise InputError(f"WaveNet: the last array's head_size is 1, got {shapes[-1].head_size}")


def _arguments(shape: LayerArray) -> dict[str, Any]:
    values = asdict(shape)
    for plural, single in (("kernel_sizes", "kernel_size"), ("activations", "activation")):
        values[single] = values.pop(plural)
    return values


def stack(
    num_layers: int,
    channels: int,
    kernel_size: int = 3,
    dilation_base: int = 2,
    activation: str = "Tanh",
    gated: bool = False,
    head_kernel_size: int = 1,
    head_scale: float = 0.02,
    name: str | None = None,
    backend: str = "auto",
) -> WaveNet:
    """A WaveNet of one array whose dilations are 1, dilation_base, dilation_base², …"""
    array = LayerArray.of(
        channels=channels,
        dilations=[dilation_base**i for i in range(num_layers)],
        kernel_size=kernel_size,
        activation=activation,
        gated=gated,
        head_kernel_size=head_kernel_size,
    )
    return WaveNet([array], head_scale, name or f"wavenet-l{num_layers}-c{channels}-k{kernel_size}", backend)
