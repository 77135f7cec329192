"""State trajectory networks: a small network says where the state of a circuit goes next.

After Parker, Esqueda and Bergner (2019), "Modelling of Nonlinear State-Space Systems Using a Deep Neural
Network", DAFx.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from voxnas.kernels.build import Unavailable
from voxnas.kernels.graph import Layer, Step
from voxnas.kernels.trajectory import ACTIVATIONS, NativeTrajectory
from voxnas.models.activations import activation as activation_module
from voxnas.models.activations import check_activation
from voxnas.models.base import BACKENDS, State, StreamingNetwork, warn_of_torch
from voxnas.models.pointwise import pointwise_step, values
from voxnas.utils.errors import InputError


class StateTrajectory(StreamingNetwork):
    """`s ← s + rate · MLP([x, s])`, and a linear output of the state.

    The rates are learnt, one for each state; they begin spread evenly, on a logarithmic scale, between two.
    The network begins as filters: the MLP's layers begin near `x - s`.

    Args:
        states: numbers that carry the past, as the voltages of a circuit's capacitors would.
        hidden_size: units of each of the MLP's hidden layers, at least `states`.
        hidden_layers: of the MLP.
        rates: the slowest and the fastest at the start, above 0 and up to 1, per sample.
        activation: of the hidden layers, one of `voxnas.kernels.trajectory.ACTIVATIONS`.
        warm_up: samples that `forward` spends on coming from a state of zeros to one.
        skip: add the input to the output, by a gain that is learnt.
        name: a readable name; None for one after the sizes.
        backend: what computes `forward`: "native" (float32 on a CPU), "torch", or "auto" for native where it
            can be. `stream` is always PyTorch's.

    Raises:
        InputError: sizes that cannot be; "native" where that cannot be.
    """

    memory_is_finite = False
    segment_length = 1024
    batch_size = 8  # with 16, which take native code about as long, it learns less per epoch

    def __init__(
        self,
        states: int = 8,
        hidden_size: int = 16,
        hidden_layers: int = 2,
        rates: Sequence[float] = (0.01, 0.5),
        activation: str = "Tanh",
        warm_up: int = 1024,
        skip: bool = True,
        name: str | None = None,
        backend: str = "auto",
    ) -> None:
        super().__init__()
        if any(type(size) is not int or size < 1 for size in (states, hidden_size, hidden_layers)):
            raise InputError(
                "StateTrajectory: states, hidden_size and hidden_layers are whole numbers from 1"
            )
        if hidden_size < states:
            raise InputError(f"StateTrajectory: hidden_size={hidden_size} is below the {states} states")
        if type(warm_up) is not int or warm_up < 0:
            raise InputError(
                f"StateTrajectory: warm_up is a number of samples from 0, got {str(warm_up)[:40]}"
            )
        if len(rates) != 2 or not 0 < rates[0] <= rates[1] <= 1:
            raise InputError(f"StateTrajectory: rates are two numbers from 0 to 1, got {str(rates)[:40]}")
        if check_activation(activation) not in ACTIVATIONS:
            raise InputError(f"StateTrajectory: the activation is one of {', '.join(ACTIVATIONS)}")
        if backend not in BACKENDS:
            raise InputError(f"StateTrajectory: unknown backend {backend!r}; one of {', '.join(BACKENDS)}")
        self.states, self.hidden_size, self.hidden_layers = states, hidden_size, hidden_layers
        self.rates = [float(rate) for rate in rates]
        self.activation, self.warm_up, self.skip, self.backend = activation, warm_up, skip, backend
        self.name = name or f"trajectory-s{states}-h{hidden_size}-l{hidden_layers}"
        self.receptive_field = warm_up + 1
        self.layers = nn.ModuleList(nn.Linear(*pair) for pair in itertools.pairwise(self._widths))
        spread = torch.linspace(0, 1, states) if states > 1 else torch.ones(1)
        slow, fast = torch.tensor(self.rates).log()
        self.log_rates = nn.Parameter(slow + spread * (fast - slow))
        self.head = nn.Linear(states, 1)
        self.skip_gain = nn.Parameter(torch.zeros(1)) if skip else None
        self._activate = activation_module(activation, 1)
        self._form: NativeTrajectory | Unavailable | None = None  # found out when it is first needed
        self._begin_as_filters()

    @property
    def _widths(self) -> list[int]:
        return [1 + self.states, *[self.hidden_size] * self.hidden_layers, self.states]

    def _begin_as_filters(self) -> None:
        """Adds to layers of small weights a path from each state, with the sign turned, to its own change."""
        with torch.no_grad():
            for index, (weight, bias) in enumerate(self._parameters_of_layers(folded=False)):
                weight *= 0.5
                bias.zero_()
                own = torch.arange(self.states)
                weight[own, own + (index == 0)] += -1.0 if index == 0 else 1.0

    def _parameters_of_layers(self, folded: bool = True) -> list[tuple[Tensor, Tensor]]:
        """Weight and bias of each layer; folded: the rates with the last."""
        found = [(layer.weight, layer.bias) for layer in self.layers]
        if folded:
            rates = self.log_rates.exp()
            weight, bias = found[-1]
            found[-1] = (rates[:, None] * weight, rates * bias)  # type: ignore[operator]
        return found  # type: ignore[return-value]

    def forward(self, x: Tensor, controls: Tensor | None = None) -> Tensor:
        self._check(controls)
        if x.shape[-1] <= self.warm_up:
            raise ValueError(f"expected {self.receptive_field} samples or more, got {x.shape[-1]}")
        layers, native = self._parameters_of_layers(), self._native(x)
        if native is not None:
            return self._output(x[..., self.warm_up :], native(x, self.warm_up, layers))
        state = x.new_zeros(len(x), self.states)
        with torch.no_grad():  # the state is a starting point, and not what is trained
            state = self._run(x[..., : self.warm_up], state, layers)[1]
        return self._output(x[..., self.warm_up :], self._run(x[..., self.warm_up :], state, layers)[0])

    def _run(self, x: Tensor, state: Tensor, layers: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        """`(batch, 1, samples)` and a state to the states `(batch, states, samples)` and the last."""
        found = []
        for sample in x.unbind(-1):
            seen = torch.cat([sample, state], dim=-1)
            for index, (weight, bias) in enumerate(layers):
                seen = nn.functional.linear(seen if index == 0 else self._activate(seen), weight, bias)
            state = state + seen
            found.append(state)
        return torch.stack(found, dim=-1) if found else state[..., None][..., :0], state

    def _output(self, x: Tensor, states: Tensor) -> Tensor:
        y = self.head.weight @ states + self.head.bias
        return y if self.skip_gain is None else y + self.skip_gain * x

    def _native(self, x: Tensor) -> NativeTrajectory | None:
        """Native form that computes `forward` instead of PyTorch, if backend and `x` allow it."""
        if self.backend == "torch" or x.device.type != "cpu" or x.dtype != torch.float32 or x.requires_grad:
            return None
        if self._form is None:
            try:
                self._form = NativeTrajectory(self._widths, self.activation)
            except Unavailable as reason:
                self._form = reason
        if isinstance(self._form, NativeTrajectory):
            return self._form
        if self.backend == "native":
            raise InputError(f"StateTrajectory: backend=native cannot be: {self._form}") from self._form
        warn_of_torch(str(self._form))
        return None

    @torch.no_grad()
    def initial_state(self, batch: int = 1, controls: Tensor | None = None) -> State:
        """Runs zeros until nothing but rounding changes, or for a second at 48 kHz."""
        silence, layers = self.head.weight.new_zeros(1, 1, 1_000), self._parameters_of_layers()
        rounding = 4 * torch.finfo(silence.dtype).eps
        state = silence.new_zeros(1, self.states)
        for _ in range(48):
            before, state = state, self._run(silence, state, layers)[1]
            if torch.allclose(before, state, rounding, rounding):
                break
        return [state.expand(batch, -1).contiguous()]

    def stream(self, x: Tensor, state: State, controls: Tensor | None = None) -> tuple[Tensor, State]:
        self._check(controls)
        states, last = self._run(x, state[0], self._parameters_of_layers())
        return self._output(x, states), [last]

    def program(self) -> list[Step]:
        """The network as steps that native code plays."""
        layers = tuple(Layer(values(w), values(b)) for w, b in self._parameters_of_layers())
        steps = [
            Step("state_update", (0,), self.states, 1, layers=layers, activation=self.activation),
            pointwise_step(1, self.head.weight, self.head.bias),
        ]
        if self.skip_gain is not None:
            steps += [pointwise_step(0, self.skip_gain[:, None], None), Step("add", (2, 3), 1, 1)]
        return steps

    @property
    def macs_per_sample(self) -> int:
        widths = self._widths
        products = sum(before * after for before, after in itertools.pairwise(widths))
        return products + self.states + int(self.skip)

    def architecture(self) -> dict[str, Any]:
        sizes = {"states": self.states, "hidden_size": self.hidden_size, "hidden_layers": self.hidden_layers}
        more = {
            "rates": self.rates,
            "activation": self.activation,
            "warm_up": self.warm_up,
            "skip": self.skip,
        }
        return {"type": "StateTrajectory", "name": self.name, **sizes, **more}

    def summary(self) -> dict[str, Any]:
        return {"num_layers": self.hidden_layers, "channels": self.hidden_size}
