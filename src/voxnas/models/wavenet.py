"""The WaveNet of the Neural Amp Modeler plug-in, so that every candidate can be played there.

A condition (the input itself) is mixed into every layer; each layer adds to a residual path and to a head
sum; several layer arrays follow each other. After van den Oord et al. (2016), "WaveNet: A Generative Model
for Raw Audio", as used for amps by Wright et al. (2020), "Real-Time Guitar Amplifier Emulation with Deep
Learning".
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from voxnas.kernels.build import Unavailable
from voxnas.kernels.flat import FlatParameters
from voxnas.kernels.flat_optimizer import FlatOptimizer, is_elementwise
from voxnas.kernels.wavenet import NativeWaveNet
from voxnas.models.activations import Spec
from voxnas.models.base import BACKENDS, State, StreamingNetwork, warn_of_torch
from voxnas.models.control_mix import ControlMix
from voxnas.models.control_weights import ControlWeights
from voxnas.models.controls import Control, as_controls
from voxnas.models.conv import CausalConv
from voxnas.models.inherit import inherited
from voxnas.models.layer_array import LayerArray, as_arguments, check_chain, receptive_field
from voxnas.models.wavenet_layers import Array, Layer
from voxnas.models.weighed import WeighedNetwork
from voxnas.utils.errors import InputError

STEP_SAMPLES = (
    StreamingNetwork.segment_length * StreamingNetwork.batch_size
)  # of all segments of a training step


class WaveNet(WeighedNetwork):
    """A WaveNet of one or more layer arrays.

    Args:
        layer_arrays: the arrays, or the arguments of `LayerArray.of`; an array's channels equal the
            previous one's head size, and the last head size is 1.
        head_scale: the output's factor, trained as a part of the weights in plug-in files.
        name: a readable name.
        backend: what computes `forward`: "native" (see voxnas.kernels; float32 on a CPU), "torch", or "auto"
            for native where it can be and PyTorch elsewhere. `stream` is always PyTorch's.
        controls: those that it follows, or their plain values.
        conditioning: how, "mixin", "film" or "weights"; see `WeighedNetwork`.

    Raises:
        InputError: arrays that do not fit each other; "native" where that cannot be.
    """

    def __init__(
        self,
        layer_arrays: Sequence[LayerArray | Mapping[str, Any]],
        head_scale: float = 0.02,
        name: str = "wavenet",
        backend: str = "auto",
        controls: Sequence[Control | Mapping[str, Any]] = (),
        conditioning: str = "film",
    ) -> None:
        super().__init__()
        self.name = name
        if backend not in BACKENDS:
            raise InputError(f"WaveNet: unknown backend {backend!r}; one of {', '.join(BACKENDS)}")
        self.backend = backend
        self.shapes = [a if isinstance(a, LayerArray) else LayerArray.of(**a) for a in layer_arrays]
        check_chain(self.shapes)
        inputs = [1, *(shape.channels for shape in self.shapes)]
        self.arrays = nn.ModuleList(Array(s, n) for s, n in zip(self.shapes, inputs, strict=False))
        self.head_scale = float(head_scale)
        self.receptive_field = receptive_field(self.shapes)
        self.segment_length, self.batch_size = _segments(self.receptive_field)
        self._form: NativeWaveNet | Unavailable | None = None  # found out when it is first needed
        self._owners: list[tuple[nn.Module, str]] | None = None
        self._lent: FlatOptimizer | None = None
        self._row_of: Tensor | None = None
        self.condition(conditioning, as_controls(controls))  # behind what plug-in files hold

    def _changed(self) -> None:
        self._owners = self._row_of = None

    @property
    def turned_convolutions(self) -> list[list[CausalConv]]:
        return [[layer.conv, layer.mixin] for layer in self.layers]

    @property
    def layers(self) -> list[Layer]:
        """Those of all arrays, one after the other."""
        return [layer for array in self.arrays for layer in array.layers]  # type: ignore[union-attr]

    def _convolutions(self) -> list[CausalConv]:
        """Convolutions with a past, in the order of the state: each layer's, then its array's head."""
        return [c for a in self.arrays for c in (*(layer.conv for layer in a.layers), a.head)]  # type: ignore[union-attr]

    def forward(self, x: Tensor, controls: Tensor | None = None) -> Tensor:
        heard = self._heard(controls, x)
        native, parameters = self._native(x), self._weights()
        flat = self._flat(parameters)
        if native is not None:
            added = None if heard is None or self.control_mix is None else self.control_mix(heard)
            each = None if heard is None else self._each(heard, parameters)
            return native(x, self.head_scale, self.receptive_field, parameters, flat, added, each)
        return self._run(x, [None] * len(self._convolutions()), heard)[0]

    def _each(self, heard: Tensor, parameters: Sequence[Tensor]) -> Tensor | None:
        """The numbers of each item, `(batch, numbers)`; None where they are the same for all."""
        if self.control_weights is not None:
            return self.control_weights(self.numbers(), heard)
        if self.control_scale is None:
            return None
        if self._row_of is None:
            self._row_of = self._rows_of(parameters)
        scale = 1 + self.control_scale(heard)
        factors = torch.cat([torch.ones_like(scale[:, :1]), scale], dim=1)[:, self._row_of]
        return factors * self.numbers()

    def numbers(self) -> Tensor:
        """The parameters, but for those of controls, one behind the other.

        The last layer's residual leads nowhere: it gets no gradient, in native code or PyTorch.
        """
        last = self.layers[-1].residual
        silent = set() if last is None else {id(p) for p in last.parameters()}
        own = [p.detach() if id(p) in silent else p for p in self._weights()]
        return torch.cat([parameter.reshape(-1) for parameter in own])

    def _rows_of(self, parameters: Sequence[Tensor]) -> Tensor:
        """For each number the row that scales it, from 1; 0 for none."""
        first, rows = 1, {}
        for layer in self.layers:
            inner = layer.conv.weight.shape[0]
            for scaled in (layer.conv.weight, layer.conv.bias, layer.mixin.weight):
                if scaled is not None:
                    rows[id(scaled)] = torch.arange(first, first + inner).repeat_interleave(
                        scaled.numel() // inner
                    )
            first += inner
        return torch.cat([rows.get(id(p), torch.zeros(p.numel(), dtype=torch.long)) for p in parameters])

    def _native(self, x: Tensor) -> NativeWaveNet | None:
        """Native form that computes `forward` instead of PyTorch, if backend and `x` allow it."""
        if self.backend == "torch" or x.device.type != "cpu" or x.dtype != torch.float32:
            return None
        if self._form is None:
            self._form = _native_form(self.shapes)
        if isinstance(self._form, NativeWaveNet):
            return self._form
        if self.backend == "native":
            raise InputError(f"WaveNet: backend=native cannot be: {self._form}") from self._form
        warn_of_torch(str(self._form))
        return None

    def _weights(self) -> list[Tensor]:
        """The parameters as they are now, but for those of controls.

        To walk the modules takes longer than many a forward pass.
        """
        if self._owners is None:
            owners = [m for m in self.modules() if not isinstance(m, ControlMix | ControlWeights)]
            self._owners = [(m, n) for m in owners for n, p in m._parameters.items() if p is not None]
        return [module._parameters[name] for module, name in self._owners]  # type: ignore[misc]

    def flatten_for(self, optimizer: Optimizer) -> None:
        self.unflatten()
        parameters = self._weights()
        native = self._native(parameters[0])
        if native is not None and is_elementwise(optimizer, parameters):
            unused = [index % len(parameters) for index in native.unused]
            self._lent = FlatOptimizer(optimizer, FlatParameters(parameters, unused))

    def unflatten(self) -> None:
        if self._lent is not None:
            self._lent.give_back(self._weights())
            self._lent = None

    def _flat(self, parameters: Sequence[Tensor]) -> FlatParameters | None:
        """The parameters in one piece while an optimizer has them so, and nobody has moved or frozen some."""
        if self._lent is not None and not self._lent.flat.holds(parameters):
            self.unflatten()
        return None if self._lent is None else self._lent.flat

    def initial_state(self, batch: int = 1, controls: Tensor | None = None) -> State:
        """State after a receptive field of zeros, which the plug-in runs as well."""
        silence = next(self.parameters()).new_zeros(batch, 1, self.receptive_field)
        empty = [convolution.empty_past(batch) for convolution in self._convolutions()]
        return self._run(silence, empty, self._heard(controls, silence))[1]

    def stream(self, x: Tensor, state: State, controls: Tensor | None = None) -> tuple[Tensor, State]:
        return self._run(x, state, self._heard(controls, x))

    def _play(
        self, x: Tensor, state: Sequence[Tensor | None], heard: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Output and state. With a past, as many samples as went in; without, a receptive field less."""
        rows = None if heard is None or self.control_mix is None else self._turned(heard)
        condition = x = x.unsqueeze(2).contiguous(memory_format=torch.channels_last)
        head: Tensor | None = None
        after: State = []
        for array in self.arrays:
            own = list(state[len(after) : len(after) + len(array.layers) + 1])  # type: ignore[arg-type]
            x, head, past = array(x, condition, head, own, rows)
            after += past
        assert head is not None
        return self.head_scale * head.squeeze(2), after

    @property
    def macs_per_sample(self) -> int:
        return sum(m.macs for m in self.modules() if isinstance(m, CausalConv))

    def architecture(self) -> dict[str, Any]:
        return self.arguments(self.shapes, self.head_scale, self.name) | self._followed()

    @staticmethod
    def arguments(shapes: Sequence[LayerArray], head_scale: float, name: str) -> dict[str, Any]:
        """Architecture of a WaveNet of these arrays, without building it."""
        arrays = [as_arguments(shape) for shape in shapes]
        return {"type": "WaveNet", "name": name, "layer_arrays": arrays, "head_scale": head_scale}

    def as_own(self, weights: dict[str, Tensor], architecture: Mapping[str, Any]) -> dict[str, Tensor]:
        factor = architecture.get("head_scale", self.head_scale) / self.head_scale
        last = f"arrays.{len(self.shapes) - 1}.head."
        own = {name: factor * value for name, value in weights.items() if name.startswith(last)}
        return weights if factor == 1 else weights | own

    def inherited(
        self, weights: Mapping[str, Tensor], architecture: Mapping[str, Any]
    ) -> tuple[dict[str, Tensor], float]:
        return inherited(self, self.shapes, weights, architecture)

    def summary(self) -> dict[str, Any]:
        return {
            "num_layers": sum(len(shape.dilations) for shape in self.shapes),
            "channels": max(shape.channels for shape in self.shapes),
            "kernel_size": max(k for shape in self.shapes for k in shape.kernel_sizes),
        }


def _segments(receptive_field: int) -> tuple[int, int]:
    """Length in samples and number of the segments of a training step: long ones for what looks back far.

    Their context is computed as well: two arrays that look back .37 s get through 35 to 45 epochs in the
    time of 21 to 25, and to a validation ESR of .000016 instead of .000036 on an overdrive, of .00010 instead
    of .00013 on a distortion (two seeds, side by side). What looks back .1 s learns no better from it.
    """
    usual = StreamingNetwork.segment_length
    length = usual if receptive_field <= usual else 2 << (receptive_field - 1).bit_length()
    return length, max(1, STEP_SAMPLES // length)


def _native_form(shapes: Sequence[LayerArray]) -> NativeWaveNet | Unavailable:
    try:
        return NativeWaveNet(shapes)
    except Unavailable as reason:
        return reason


def stack(
    num_layers: int,
    channels: int,
    kernel_size: int = 3,
    dilation_base: int = 2,
    activation: Spec = "Tanh",
    gating: str = "none",
    secondary_activation: Spec = "Sigmoid",
    bottleneck: int | None = None,
    head_kernel_size: int = 1,
    head_scale: float = 0.02,
    name: str | None = None,
    backend: str = "auto",
    conditioning: str = "film",
) -> WaveNet:
    """A WaveNet of one array whose dilations are 1, dilation_base, dilation_base², …"""
    array = LayerArray.of(
        channels=channels,
        dilations=[dilation_base**i for i in range(num_layers)],
        kernel_size=kernel_size,
        activation=activation,
        gating=gating,
        secondary_activation=secondary_activation,
        bottleneck=bottleneck,
        head_kernel_size=head_kernel_size,
    )
    name = name or f"wavenet-l{num_layers}-c{channels}-k{kernel_size}"
    return WaveNet([array], head_scale, name, backend, conditioning=conditioning)
