"""LACTOSE: a network of its own for each range of the input, chosen outside of what is differentiated.

After C. J. Clarke, "Linear Array of Conditions, TOpologies with Separated Error-backpropagation", arXiv
2502.15829. The paper trains and predicts one sample at a time; here a whole batch is sorted by range.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from voxnas.kernels.graph import Layer, Step
from voxnas.kernels.graph_check import MOST_RANGES
from voxnas.models.activations import activation as activation_module
from voxnas.models.activations import check_activation
from voxnas.models.base import State
from voxnas.models.conv import CausalConv
from voxnas.models.pointwise import values
from voxnas.models.programmed import ProgramNetwork, convolution_step
from voxnas.utils.errors import InputError

ACTIVATIONS = ("ReLU", "Tanh", "Sigmoid", "SiLU", "Softsign", "Hardtanh", "Hardswish", "Fasttanh")
Range = Sequence[float | None]


class Lactose(ProgramNetwork):
    """The layers of the range that the current sample is in, and a filter of their output.

    Args:
        ranges: `[low, high]` each, ascending, without a gap; the first low and the last high are null, for no
            end. A sample on a bound belongs to the range below it. Or so many, the inner ones as wide as each
            other from `-reach` to `reach`.
        reach: see there.
        hidden_size: units of each hidden layer.
        hidden_layers: of each range.
        activation: of the hidden layers, one of `ACTIVATIONS`.
        taps: samples that the layers see, the current one and those before; 1 models what has no memory.
        features: what the layers give to the filter behind them.
        filter_taps: of that filter; with 1 tap and 1 feature there is none.
        blend: width over which two ranges go over into each other, so that a change of range does not click;
            a share of the narrowest inner range, or of `reach` where there is none; 0 for none.
        name: a readable name; None for one after the sizes.
        backend: of training; see `ProgramNetwork`.

    Raises:
        InputError: sizes that cannot be, ranges that leave a gap or overlap, an unknown activation or
            backend.
    """

    bounds: Tensor
    segment_length = 2048

    def __init__(
        self,
        ranges: int | Sequence[Range] = 3,
        reach: float = 0.1,
        hidden_size: int = 8,
        hidden_layers: int = 2,
        activation: str = "Tanh",
        taps: int = 32,
        features: int = 4,
        filter_taps: int = 64,
        blend: float = 0.5,
        name: str | None = None,
        backend: str = "auto",
    ) -> None:
        super().__init__()
        self.use(backend)
        sizes = (hidden_size, hidden_layers, taps, features, filter_taps)
        if any(type(size) is not int or size < 1 for size in sizes):
            known = "hidden_size, hidden_layers, taps, features and filter_taps"
            raise InputError(f"Lactose: {known} are whole numbers from 1")
        if check_activation(activation) not in ACTIVATIONS:
            raise InputError(f"Lactose: the activation is one of {', '.join(ACTIVATIONS)}")
        if type(reach) not in (int, float) or not 0 < reach < math.inf:
            raise InputError(f"Lactose: reach is a number above 0, got {str(reach)[:40]}")
        bounds = even_bounds(ranges, reach) if isinstance(ranges, int) else check_ranges(ranges)
        if type(blend) not in (int, float) or not 0 <= blend <= 1:
            raise InputError(f"Lactose: blend is a share from 0 to 1, got {str(blend)[:40]}")
        self.ranges = [[low, high] for low, high in itertools.pairwise([None, *bounds, None])]
        self.hidden_size, self.hidden_layers, self.activation, self.taps = (
            hidden_size,
            hidden_layers,
            activation,
            taps,
        )
        self.features, self.filter_taps, self.blend, self.reach = features, filter_taps, float(blend), reach
        self.blend_width = blend * min((b - a for a, b in itertools.pairwise(bounds)), default=reach)
        self.name = (
            name or f"lactose-r{len(self.ranges)}-h{hidden_size}-l{hidden_layers}-t{taps}-f{filter_taps}"
        )
        self.receptive_field = taps + filter_taps - 1
        # In float32, so that all who play it agree on which range a sample is in.
        self.register_buffer("bounds", torch.tensor(bounds, dtype=torch.float32))
        widths = [taps, *[hidden_size] * hidden_layers, features]
        self.layers = nn.ModuleList(_PerRange(len(self.ranges), *pair) for pair in itertools.pairwise(widths))
        self.filter = CausalConv(features, 1, filter_taps) if features > 1 or filter_taps > 1 else None
        self._activate = activation_module(activation, 1)
        self._begin_within(bounds, reach)

    def _begin_within(self, bounds: Sequence[float], reach: float) -> None:
        """Has each first unit's zero lie within its range, beyond which it could be flat from end to end."""
        if not bounds:
            return
        width = (bounds[-1] - bounds[0]) / max(len(bounds) - 1, 1) or reach
        edges = torch.tensor([bounds[0] - width, *bounds, bounds[-1] + width])
        first = self._layers[0]
        with torch.no_grad():
            zeros = edges[:-1, None] + torch.rand(first.bias.shape) * edges.diff()[:, None]
            first.bias.copy_(-first.weight[..., 0] * zeros)

    def _offline(self, x: Tensor, heard: Tensor | None) -> Tensor:
        y = self._chosen(x)
        return y if self.filter is None else self.filter(y.unsqueeze(2)).squeeze(2)

    def _chosen(self, x: Tensor) -> Tensor:
        """`(batch, 1, samples + taps - 1)` to `(batch, features, samples)`, by each range's layers."""
        seen = x[:, 0].unfold(-1, self.taps, 1).flip(-1)  # (batch, samples, taps), the current sample first
        flat = seen.reshape(-1, self.taps)
        found = x.new_zeros(len(flat), self.features)
        for index, share in enumerate(self._shares(flat[:, 0])):
            places = (~(share <= 0)).nonzero()[:, 0]
            if len(places):
                own = self._of_range(index, flat[places]) * share[places, None]
                found = found.index_add(0, places, own)
        return found.unflatten(0, seen.shape[:2]).transpose(1, 2)

    def _of_range(self, index: int, x: Tensor) -> Tensor:
        for number, layer in enumerate(self._layers):
            x = functional.linear(
                x if number == 0 else self._activate(x), layer.weight[index], layer.bias[index]
            )
        return x

    def _shares(self, value: Tensor) -> Iterator[Tensor]:
        """For each range, how much of each sample is its own; they add up to 1. NaN is in the first."""
        before = torch.ones_like(value)
        for bound in self.bounds:
            way = (
                ((value - bound) / self.blend_width + 0.5).clamp(0, 1)
                if self.blend_width
                else (value > bound).to(value)
            )
            yield before - way
            before = way
        yield before

    def initial_state(self, batch: int = 1, controls: Tensor | None = None) -> State:
        layer: Any = self.layers[0]
        silence = layer.weight.new_zeros(batch, 1, self.taps - 1 + self.filter_taps)
        return [silence[..., : self.taps - 1], self._chosen(silence)[..., 1:]]

    def stream(self, x: Tensor, state: State, controls: Tensor | None = None) -> tuple[Tensor, State]:
        self._check(controls)
        past = torch.cat([state[0], x], dim=-1)
        y = torch.cat([state[1], self._chosen(past)], dim=-1)
        after = [past[..., x.shape[-1] :], y[..., x.shape[-1] :]]
        return (y if self.filter is None else self.filter(y.unsqueeze(2)).squeeze(2)), after

    def program(self) -> list[Step]:
        """The network as steps that native code plays and trains."""
        layers = tuple(Layer(layer.weight, layer.bias) for layer in self._layers)
        choice = {"bounds": values(self.bounds), "blend": self.blend_width, "activation": self.activation}
        if len(self.ranges) == 1:
            return self._plain_program()
        steps = [Step("select", (0, 0), self.features, 1, self.taps, layers=layers, **choice)]  # type: ignore[arg-type]
        return steps + self._filter_program(1)

    def _plain_program(self) -> list[Step]:
        """Of one range: convolutions."""
        steps: list[Step] = []
        for index, layer in enumerate(self._layers):
            weight, bias = layer.weight[0].unsqueeze(-1), layer.bias[0]
            if index == 0:  # the current sample last
                weight = weight.flip(1).mT
            else:
                steps.append(
                    Step("activation", (len(steps),), weight.shape[1], 1, activation=self.activation)
                )
            kernel = weight.shape[-1]
            steps.append(Step("conv", (len(steps),), len(bias), 1, kernel, weight=weight, bias=bias))
        return steps + self._filter_program(len(steps))

    def _filter_program(self, signal: int) -> list[Step]:
        return [] if self.filter is None else [convolution_step(self.filter, signal)]

    @property
    def _layers(self) -> list["_PerRange"]:
        return list(self.layers)  # type: ignore[arg-type]

    @property
    def macs_per_sample(self) -> int:
        """Of one range: only one is computed for a sample, or two within a blend."""
        own = sum(layer.weight[0].numel() for layer in self._layers)
        return own + (0 if self.filter is None else self.filter.macs)

    def architecture(self) -> dict[str, Any]:
        sizes = {"ranges": self.ranges, "hidden_size": self.hidden_size, "hidden_layers": self.hidden_layers}
        more = {"activation": self.activation, "taps": self.taps, "features": self.features}
        more |= {"filter_taps": self.filter_taps, "blend": self.blend, "reach": self.reach}
        return {"type": "Lactose", "name": self.name, **sizes, **more}

    def summary(self) -> dict[str, Any]:
        sizes = {"num_layers": self.hidden_layers, "channels": self.hidden_size}
        return {**sizes, "kernel_size": self.taps}


class _PerRange(nn.Module):
    """Dense layers of the same sizes, one for each range; PyTorch's own start."""

    def __init__(self, ranges: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(ranges, outputs, inputs))
        self.bias = nn.Parameter(torch.empty(ranges, outputs))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(inputs**-0.5), inputs**-0.5)


def even_bounds(count: int, reach: float) -> list[float]:
    """The bounds between so many ranges, evenly from -reach to reach; InputError where that cannot be."""
    if type(count) is not int or not 1 <= count <= MOST_RANGES:
        raise InputError(
            f"Lactose: ranges is a whole number from 1 to {MOST_RANGES}, or a list of [low, high]"
        )
    if count < 3:
        return [0.0] * (count - 1)
    return [round(reach * (2 * place / (count - 2) - 1), 9) for place in range(count - 1)]


def check_ranges(ranges: Sequence[Range]) -> list[float]:
    """The bounds between ranges; InputError where one is no range, or where they leave a gap or overlap."""
    if not ranges or any(isinstance(r, str) or not isinstance(r, Sequence) or len(r) != 2 for r in ranges):
        raise InputError("Lactose: ranges is a list of [low, high] pairs")
    for index, (low, high) in enumerate(ranges):
        for end, outer in ((low, index == 0), (high, index == len(ranges) - 1)):
            number = type(end) in (int, float) and math.isfinite(end)  # type: ignore[arg-type]
            if outer and end is not None:
                raise InputError("Lactose: ranges: the first low and the last high are null, for no end")
            if not outer and not number:
                raise InputError(f"Lactose: ranges: an end within is a number, got {str(end)[:40]}")
    bounds: list[float] = []
    for (_, high), (low, _) in itertools.pairwise(ranges):
        assert high is not None
        assert low is not None
        if low != high:
            fault = f"nothing covers {high:g} to {low:g}" if low > high else f"{low:g} to {high:g} is in two"
            raise InputError(f"Lactose: ranges: {fault}; each begins where the one before ends")
        if bounds and high <= bounds[-1]:
            raise InputError(f"Lactose: ranges: {bounds[-1]:g} to {high:g} is no way up")
        bounds.append(float(high))
    return bounds
