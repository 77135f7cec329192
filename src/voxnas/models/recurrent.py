"""Recurrent networks: LSTM and GRU, a handful of units that carry the past in their state.

After Wright et al. (2019), "Real-Time Black-Box Modelling with Recurrent Neural Networks".
"""

import copy
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from voxnas.kernels.build import Unavailable
from voxnas.kernels.recurrent import NativeRecurrent
from voxnas.models.base import BACKENDS, State, StreamingNetwork, warn_of_torch
from voxnas.models.controls import Control, as_controls, check_names, columns
from voxnas.utils.errors import InputError


class Recurrent(StreamingNetwork):
    """Layers of recurrent units and a linear output; `LSTM` and `GRU` below.

    Args:
        hidden_size: units per layer.
        num_layers: layers, each fed by the one before.
        warm_up: samples that `forward` spends on coming from silence to a state before the output counts;
            `receptive_field` is one more.
        skip: add the input to the output.
        skip_gain: the input's factor there.
        name: a readable name; None for one after the sizes.
        truncation: samples after which gradients end that go back through time; None for a segment's all.
        backend: what computes `forward`: "native" (see voxnas.kernels; float32 on a CPU), "torch", or "auto"
            for native where it can be and PyTorch elsewhere. `stream` is always PyTorch's.
        controls: further inputs of the first layer, behind the sound, or their plain values.

    Raises:
        InputError: sizes that cannot be; "native" where that cannot be.
    """

    memory_is_finite = False
    # Many short steps: in 20 epochs an LSTM-16 on an overdrive came to an ESR of .0006 with 1,024 samples per
    # segment, of .002 with 2,048 and of .06 with 8,192.
    segment_length = 1024
    start: Tensor  # where silence starts from, (states, num_layers, hidden_size)
    unit: type[nn.LSTM] | type[nn.GRU]
    gates: int

    def __init__(
        self,
        hidden_size: int = 16,
        num_layers: int = 1,
        warm_up: int = 1024,
        skip: bool = False,
        skip_gain: float = 1.0,
        name: str | None = None,
        truncation: int | None = None,
        backend: str = "auto",
        controls: Sequence[Control | Mapping[str, Any]] = (),
    ) -> None:
        super().__init__()
        kind = type(self).__name__
        if any(type(size) is not int or size < 1 for size in (hidden_size, num_layers)):
            raise InputError(f"{kind}: hidden_size and num_layers are whole numbers from 1")
        if type(warm_up) is not int or warm_up < 0:
            raise InputError(f"{kind}: warm_up is a whole number of samples from 0, got {str(warm_up)[:40]}")
        if type(skip_gain) not in (int, float) or not math.isfinite(skip_gain):
            raise InputError(f"{kind}: skip_gain is a number, got {str(skip_gain)[:40]}")
        if truncation is not None and (type(truncation) is not int or truncation < 1):
            raise InputError(
                f"{kind}: truncation is a whole number of samples from 1, got {str(truncation)[:40]}"
            )
        if backend not in BACKENDS:
            raise InputError(f"{kind}: unknown backend {backend!r}; one of {', '.join(BACKENDS)}")
        self.truncation, self.backend = truncation, backend
        self.hidden_size, self.num_layers, self.warm_up, self.skip = hidden_size, num_layers, warm_up, skip
        self.skip_gain = skip_gain
        self.name = name or f"{kind.lower()}-l{num_layers}-h{hidden_size}"
        self.receptive_field = warm_up + 1
        self.controls = as_controls(controls)
        self._make_units()
        self.head = nn.Linear(hidden_size, 1)
        # Zeros, but for what files bring with them.
        self.register_buffer("start", torch.zeros(self.states, num_layers, hidden_size))
        self.reset_parameters()

    def _make_units(self) -> None:
        self._form: NativeRecurrent | Unavailable | None = None  # found out when it is first needed
        self.num_controls = sum(control.inputs for control in self.controls)
        self.units = self.unit(1 + self.num_controls, self.hidden_size, self.num_layers, batch_first=True)

    def follow(self, controls: Sequence[Control]) -> None:
        if controls or self.controls:
            self.controls = tuple(controls)
            self._make_units()
            self.reset_parameters()

    def fold(self, setting: Mapping[str, Any]) -> "Recurrent":
        check_names(self.controls, setting)
        folded = copy.deepcopy(self)
        weight, _, bias, _ = folded.layer(0)
        kept = [0]
        for control, places in columns(self.controls):
            of = range(1 + places.start, 1 + places.stop)
            if control.name not in setting:
                kept += of
                continue
            for column, number in zip(of, control.encode(setting[control.name]), strict=True):
                bias.data += number * weight.data[:, column]
        folded.units.weight_ih_l0 = nn.Parameter(weight.detach()[:, kept].clone())
        folded.units.input_size = len(kept)
        folded.controls = tuple(c for c in self.controls if c.name not in setting)
        folded.num_controls, folded._form = len(kept) - 1, None
        folded.units.flatten_parameters()
        return folded

    def reset_parameters(self) -> None:
        """PyTorch's own default: uniform within 1/sqrt(hidden_size)."""
        self.units.reset_parameters()
        self.head.reset_parameters()

    @property
    def states(self) -> int:
        """Vectors of the state per layer."""
        return 2 if self.unit is nn.LSTM else 1

    def layer(self, index: int) -> list[Tensor]:
        """A layer's weights of its input and of its past, `(gates * hidden_size, …)`, and a bias of each."""
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return [getattr(self.units, f"{name}_l{index}") for name in names]

    def forward(self, x: Tensor, controls: Tensor | None = None) -> Tensor:
        heard = self._heard(controls, x)
        if x.shape[-1] <= self.warm_up:
            raise ValueError(f"expected {self.receptive_field} samples or more, got {x.shape[-1]}")
        native = self._native(x)
        if native is not None:
            weights = [part for layer in range(self.num_layers) for part in self.layer(layer)]
            weights += [self.head.weight, self.head.bias]
            skip_gain = self.skip_gain if self.skip else 0.0
            return native(_beside(x, heard), self.warm_up, weights, self.start, skip_gain, self.truncation)
        state = self._at_start(x.shape[0])
        if self.warm_up:
            with torch.no_grad():  # the state is a starting point, and not what is trained
                _, state = self._run(x[..., : self.warm_up], state, heard)
        pieces = []
        for piece in x[..., self.warm_up :].split(self.truncation or x.shape[-1], dim=-1):
            y, state = self._run(piece, [part.detach() for part in state], heard)
            pieces.append(y)
        return torch.cat(pieces, dim=-1)

    def _native(self, x: Tensor) -> NativeRecurrent | None:
        """Native form that computes `forward` instead of PyTorch, if backend and `x` allow it."""
        if self.backend == "torch" or x.device.type != "cpu" or x.dtype != torch.float32:
            return None
        if self._form is None:
            self._form = self._native_form()
        if isinstance(self._form, NativeRecurrent):
            return self._form
        if self.backend == "native":
            raise InputError(f"{type(self).__name__}: backend=native cannot be: {self._form}") from self._form
        warn_of_torch(str(self._form))
        return None

    def _native_form(self) -> NativeRecurrent | Unavailable:
        try:
            sizes = (self.num_layers, self.hidden_size, 1 + self.num_controls)
            return NativeRecurrent(type(self).__name__, *sizes)
        except Unavailable as reason:
            return reason

    def initial_state(self, batch: int = 1, controls: Tensor | None = None) -> State:
        """Runs zeros until nothing but rounding changes, or for a second at 48 kHz, as in plug-in files."""
        settings = 1 if controls is None else len(controls)
        silence = self.head.weight.new_zeros(settings, 1, 1_000)
        heard = self._heard(controls, silence)
        rounding = 4 * torch.finfo(silence.dtype).eps
        state = self._at_start(settings)
        for _ in range(48):
            before, state = state, self._run(silence, state, heard)[1]
            if all(torch.allclose(*pair, rounding, rounding) for pair in zip(before, state, strict=True)):
                break
        return [part.expand(-1, max(batch, settings), -1).contiguous() for part in state]

    def stream(self, x: Tensor, state: State, controls: Tensor | None = None) -> tuple[Tensor, State]:
        return self._run(x, state, self._heard(controls, x))

    def _at_start(self, batch: int) -> State:
        return [part.unsqueeze(1).expand(-1, batch, -1).contiguous() for part in self.start]

    def _run(self, x: Tensor, state: State, heard: Tensor | None = None) -> tuple[Tensor, State]:
        given: Any = tuple(state) if self.states == 2 else state[0]
        units, after = self.units(_beside(x, heard).transpose(1, 2), given)
        y = self.head(units).transpose(1, 2)
        return (self.skip_gain * x + y if self.skip else y), list(after) if self.states == 2 else [after]

    @property
    def macs_per_sample(self) -> int:
        inputs = 1 + (self.num_layers - 1) * self.hidden_size
        recurrent = self.num_layers * self.hidden_size
        return self.gates * self.hidden_size * (inputs + recurrent) + self.hidden_size

    def architecture(self) -> dict[str, Any]:
        sizes = {"hidden_size": self.hidden_size, "num_layers": self.num_layers, "warm_up": self.warm_up}
        gain = {} if self.skip_gain == 1 else {"skip_gain": self.skip_gain}
        gain |= {} if self.truncation is None else {"truncation": self.truncation}
        followed = {"controls": [control.as_values() for control in self.controls]} if self.controls else {}
        return {
            "type": type(self).__name__,
            "name": self.name,
            **sizes,
            "skip": self.skip,
            **gain,
            **followed,
        }

    def summary(self) -> dict[str, Any]:
        return {"num_layers": self.num_layers, "channels": self.hidden_size}


def _beside(x: Tensor, heard: Tensor | None) -> Tensor:
    """The signal, `(batch, 1, samples)`, with controls as further channels: `(batch, k)`, or per sample."""
    if heard is None:
        return x
    heard = heard if heard.ndim == 3 else heard.unsqueeze(-1)
    return torch.cat([x, heard.expand(len(x), -1, x.shape[-1])], dim=1)


class LSTM(Recurrent):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997).

    Its forget gates begin open, with a bias of 1 (Jozefowicz et al., 2015). That learns sooner: on an
    overdrive, with two seeds, to an ESR of .005 and .008 instead of .013 and .047 in six epochs.
    """

    unit = nn.LSTM
    gates = 4

    def reset_parameters(self) -> None:
        super().reset_parameters()
        forget = slice(self.hidden_size, 2 * self.hidden_size)  # the second of the gates
        for layer in range(self.num_layers):
            *_, input_bias, past_bias = self.layer(layer)
            nn.init.ones_(input_bias[forget])
            nn.init.zeros_(past_bias[forget])


class GRU(Recurrent):
    """Gated recurrent units (Cho et al., 2014)."""

    unit = nn.GRU
    gates = 3
