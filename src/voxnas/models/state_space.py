"""State-space networks: linear recurrences, each mode by itself, between nonlinearities that are pointwise.

Modes with many inputs and outputs as in Smith, Warrington and Linderman (2023), "Simplified State Space
Layers for Sequence Modeling" (S5); how they are parametrised and scaled as in Orvieto et al. (2023),
"Resurrecting Recurrent Neural Networks for Long Sequences" (LRU); the gate is that of Gu and Dao (2023),
"Mamba", without its selection.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from voxnas.kernels.graph import Step
from voxnas.kernels.scan import diagonal_scan
from voxnas.models.activations import PReLU, Spec, check_activation
from voxnas.models.activations import activation as activation_module
from voxnas.models.base import State
from voxnas.models.pointwise import Pointwise, activated
from voxnas.models.programmed import ProgramNetwork
from voxnas.models.stacked import Stacked
from voxnas.utils.errors import InputError


class Layer(nn.Module):
    """`u + mix(activation(C h + D u))`, h[n] = λ h[n-1] + B u[n]; gated: times the sigmoid of a map of u.

    λ = exp(-exp(log_decay) + i angle) lies within the unit circle whatever is learnt. Times of decay begin
    spread evenly, on a logarithmic scale, and angles up to one turn in about eight times of decay.
    """

    def __init__(
        self, channels: int, modes: int, times: tuple[float, float], spec: Spec, gated: bool
    ) -> None:
        super().__init__()
        self.modes = modes
        decay_times = torch.logspace(math.log10(times[0]), math.log10(times[1]), modes)
        self.log_decay = nn.Parameter(-decay_times.log())
        turns = torch.arange(modes) % 4 * 0.25 * math.pi
        self.angle = nn.Parameter((turns / decay_times).clamp(max=math.pi))
        self.enter = Pointwise(channels, 2 * modes, bias=False)
        self.leave = Pointwise(2 * modes, channels)
        self.past_by = Pointwise(channels, channels, bias=False)
        self.activation = activation_module(spec, channels)
        self.mix = Pointwise(channels, channels)
        self.gate = Pointwise(channels, channels) if gated else None
        with torch.no_grad():  # so that a mode is as loud whatever its time of decay
            real, imag = self.poles()
            level = (1 - (real.square() + imag.square()).sqrt()).repeat(2)
            self.enter.weight.mul_(level[:, None].float())

    def poles(self) -> tuple[Tensor, Tensor]:
        """Real and imaginary parts of λ, in float64, since of slow modes the distance to 1 is what counts."""
        size, angle = torch.exp(-self.log_decay.double().exp()), self.angle.double()
        return size * angle.cos(), size * angle.sin()

    def silence(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """What it makes of a constant `(channels, 1, 1)`, and its state `(2 modes, 1)`."""
        real, imag = self.poles()
        x, y = self.enter(u)[:, 0, 0].double().chunk(2)
        from_one = 1 - real  # of 1 - λ, with -imag
        size = from_one.square() + imag.square()
        h = torch.cat([(x * from_one - y * imag) / size, (y * from_one + x * imag) / size])[:, None].to(u)
        return self._after(u, h[..., None]), h

    def forward(self, u: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """`(channels, batch, samples)` and a state `(2 modes, batch)` to both, next."""
        h = diagonal_scan(self.enter(u), state, *self.poles())
        return self._after(u, h), h[..., -1]

    def _after(self, u: Tensor, h: Tensor) -> Tensor:
        y = self.mix(activated(self.activation, self.leave(h) + self.past_by(u)))
        return u + (y if self.gate is None else y * torch.sigmoid(self.gate(u)))

    def program(self, signal: int, spec: Spec) -> list[Step]:
        """Steps that follow those that made so many signals, the last of which goes in."""
        channels = len(self.leave.weight)
        slopes = self.activation.slopes if isinstance(self.activation, PReLU) else None
        steps = [
            self.enter.step(signal),
            Step("diagonal", (signal + 1,), 2 * self.modes, 1, modes=torch.complex(*self.poles())),
            self.leave.step(signal + 2),
            self.past_by.step(signal),
            Step("add", (signal + 3, signal + 4), channels, 1),
            Step("activation", (signal + 5,), channels, 1, weight=slopes, activation=spec),
            self.mix.step(signal + 6),
        ]
        if self.gate is not None:
            steps += [
                self.gate.step(signal),
                Step("activation", (signal + 8,), channels, 1, activation="Sigmoid"),
                Step("multiply", (signal + 7, signal + 9), channels, 1),
            ]
        return [*steps, Step("add", (signal, signal + len(steps)), channels, 1)]


class StateSpace(Stacked[Layer], ProgramNetwork):
    """A map to channels, layers with a linear recurrence each, and a map to the output.

    Args:
        channels: of every layer.
        modes: complex ones of every layer; each has two numbers of state.
        num_layers: layers.
        times: of decay at the start, the shortest and the longest, in samples.
        activation: of every layer; a name, or `{"type": name, parameter: value}`.
        gated: every layer has a gate.
        warm_up: samples that `forward` spends on coming from silence to a state before the output counts.
        name: a readable name; None for one after the sizes.
        backend: of training; see `ProgramNetwork`.

    Raises:
        InputError: sizes that cannot be, an unknown activation or backend.
    """

    memory_is_finite = False
    segment_length = (
        1024  # many short steps, as of recurrent networks; 4,096 learnt a tenth as much per epoch
    )

    def __init__(
        self,
        channels: int = 8,
        modes: int = 8,
        num_layers: int = 2,
        times: Sequence[float] = (1.0, 200.0),
        activation: Spec = "Tanh",
        gated: bool = False,
        warm_up: int = 1024,
        name: str | None = None,
        backend: str = "auto",
    ) -> None:
        super().__init__()
        self.use(backend)
        if any(type(size) is not int or size < 1 for size in (channels, modes, num_layers)):
            raise InputError("StateSpace: channels, modes and num_layers are whole numbers from 1")
        if type(warm_up) is not int or warm_up < 0:
            raise InputError(f"StateSpace: warm_up is a number of samples from 0, got {str(warm_up)[:40]}")
        if len(times) != 2 or not 0 < times[0] <= times[1]:
            raise InputError(
                f"StateSpace: times are two lengths in samples, ascending, got {str(times)[:40]}"
            )
        self.channels, self.modes, self.num_layers = channels, modes, num_layers
        self.times, self.gated, self.warm_up = (float(times[0]), float(times[1])), gated, warm_up
        self.spec = check_activation(activation)
        self.name = name or f"ssm-l{num_layers}-c{channels}-m{modes}{'-gated' if gated else ''}"
        self.receptive_field = warm_up + 1
        self.stack(
            channels, (Layer(channels, modes, self.times, self.spec, gated) for _ in range(num_layers))
        )

    def forward(self, x: Tensor, controls: Tensor | None = None) -> Tensor:
        """From the state of silence on; gradients go back through the warm-up too."""
        if x.shape[-1] <= self.warm_up:
            raise ValueError(f"expected {self.receptive_field} samples or more, got {x.shape[-1]}")
        return super().forward(x, controls)

    def _offline(self, x: Tensor, heard: Tensor | None) -> Tensor:
        return self._run(x, self.initial_state(len(x)))[0][..., self.warm_up :]

    def program(self) -> list[Step]:
        """The network as steps; recurrences are trained from the state of silence on."""
        steps, states = super().program(), iter(self.initial_state())
        return [
            replace(step, state=next(states)[:, 0]) if step.kind == "diagonal" else step for step in steps
        ]

    def initial_state(self, batch: int = 1, controls: Tensor | None = None) -> State:
        u = self.encoder(self.decoder.weight.new_zeros(1, 1, 1))
        states = []
        for layer in self._layers:
            u, state = layer.silence(u)
            states.append(state.expand(-1, batch))
        return states

    @property
    def macs_per_sample(self) -> int:
        maps = sum(module.macs for module in self.modules() if isinstance(module, Pointwise))
        return maps + 4 * self.modes * self.num_layers

    def architecture(self) -> dict[str, Any]:
        sizes = {"channels": self.channels, "modes": self.modes, "num_layers": self.num_layers}
        more = {
            "times": list(self.times),
            "activation": self.spec,
            "gated": self.gated,
            "warm_up": self.warm_up,
        }
        return {"type": "StateSpace", "name": self.name, **sizes, **more}

    def summary(self) -> dict[str, Any]:
        return {"num_layers": self.num_layers, "channels": self.channels}
