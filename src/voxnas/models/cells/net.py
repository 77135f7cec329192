"""Networks of cells, as a differentiable search finds them.

After H. Liu, K. Simonyan, Y. Yang (2019), "DARTS: Differentiable Architecture Search", over time instead of
over pictures, causal, and with a way back to the full rate.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from voxnas.kernels.graph import Step
from voxnas.models.base import State, StreamingNetwork
from voxnas.models.cells.layout import Part, lay_out
from voxnas.models.cells.offline import Offline
from voxnas.models.cells.operations import Unit
from voxnas.models.cells.reach import delay_samples, period, receptive_field
from voxnas.models.cells.streaming import Streaming, Weights
from voxnas.models.genotype import CellGenotype, as_values, from_values
from voxnas.utils.errors import InputError
from voxnas.utils.names import genotype_name

MOST_EDGES = 4_000  # of all cells together
# Steps of training after which batch norm goes by its running figures, and so computes as it will play. By
# the batch to the end, 430 steps on a recorded distortion led to an ESR of .033 instead of .028.
SETTLING_STEPS = 100


class CellNet(StreamingNetwork):
    """Network of the cells of a genotype, between a stem and a way back to the full rate; see `lay_out`.

    Args:
        genotype: one of cells, or the plain values of one.
        name: a readable name; None for one after the genotype.

    Raises:
        InputError: a genotype that cannot be, or is not one of cells, or has absurdly many.
    """

    steps_seen: Tensor

    def __init__(self, genotype: CellGenotype | Mapping[str, Any], name: str | None = None) -> None:
        super().__init__()
        given = from_values(genotype) if isinstance(genotype, Mapping) else genotype
        if not isinstance(given, CellGenotype):
            raise InputError("CellNet: the genotype is not one of cells")
        if given.layers * sum(map(len, (*given.normal, *given.reduction))) > MOST_EDGES:
            raise InputError("CellNet: the genotype has more edges than can be played")
        self.genotype, self.name = given, name or genotype_name(as_values(given))
        self.parts = lay_out(given)
        self.receptive_field = receptive_field(self.parts)
        self.delay_samples, self.period = delay_samples(self.parts), period(self.parts)
        weighted = [part for part in self.parts if part.operation.has_weights]
        self.units = nn.ModuleDict({part.name: Unit(part.operation) for part in weighted})
        self.register_buffer("steps_seen", torch.zeros(()))  # a float, as all that files hold
        self._offline, self._streaming = Offline(self.parts), Streaming(self.parts)
        self._folded: tuple[Any, Weights] | None = None

    def forward(self, x: Tensor, controls: Tensor | None = None) -> Tensor:
        self._check(controls)
        units = self._units()
        if self.training:
            frozen = bool(self.steps_seen >= SETTLING_STEPS)
            for unit in units.values():
                unit.frozen = frozen
            self.steps_seen += 1
        return self._offline(x, units)

    def _units(self) -> dict[str, Unit]:
        return {name: unit for name, unit in self.units.items() if isinstance(unit, Unit)}

    def initial_state(self, batch: int = 1, controls: Tensor | None = None) -> State:
        """State after zeros for a receptive field and on to the next phase 0."""
        weight = next(self.parameters())
        samples = (self.receptive_field // self.period + 1) * self.period
        silence = weight.new_zeros(batch, 1, samples)
        return self._streaming(silence, self._streaming.empty(batch, weight), self._weights())[1]

    def stream(self, x: Tensor, state: State, controls: Tensor | None = None) -> tuple[Tensor, State]:
        self._check(controls)
        return self._streaming(x, state, self._weights())

    def _weights(self) -> Weights:
        """Weights with batch norm folded in; where nothing learns, again only if they have changed."""
        units = self._units()
        tensors = [t for unit in units.values() for t in (*unit.parameters(), *unit.buffers())]
        key = [(t.data_ptr(), 0 if t.is_inference() else t._version) for t in tensors]
        if self._folded is not None and self._folded[0] == key and not torch.is_grad_enabled():
            return self._folded[1]
        weights = {name: unit.folded() for name, unit in units.items()}
        self._folded = None if torch.is_grad_enabled() else (key, weights)
        return weights

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_folded": None}  # a copy's weights are others

    def program(self) -> list[Step]:
        """The network as steps that native code plays, batch norm in the weights."""
        units = self._units()
        with torch.no_grad():
            return [_step(part, units.get(part.name)) for part in self.parts]

    @property
    def macs_per_sample(self) -> int:
        """The mean over a period; a whole number, as channels at a lower rate are a multiple of it."""
        return round(sum(part.operation.macs for part in self.parts))

    def architecture(self) -> dict[str, Any]:
        return {"type": "CellNet", "name": self.name, "genotype": as_values(self.genotype)}

    def summary(self) -> dict[str, Any]:
        kernels = [p.operation.kernel_size for p in self.parts if p.operation.op.startswith("conv")]
        layers, channels = self.genotype.layers, max(part.operation.channels for part in self.parts)
        return {"num_layers": layers, "channels": channels, "kernel_size": max(kernels, default=1)}


def _step(part: Part, unit: Unit | None) -> Step:
    operation = part.operation
    weight = bias = None
    kind, size = operation.kind, operation.kernel_size
    if kind == "none":  # silence, of which there is no step
        kind, weight = "conv", np.zeros((operation.channels, operation.inputs, 1), np.float32)
    elif unit is not None:
        weight, bias = (None if t is None else _values(t) for t in unit.folded())
    return Step(
        kind,  # type: ignore[arg-type]
        part.inputs,
        operation.channels,
        operation.rate,
        size,
        operation.dilation,
        operation.stride,
        operation.relu,
        weight,
        bias,
    )


def _values(tensor: Tensor) -> NDArray[np.float32]:
    return tensor.detach().cpu().float().numpy()
