"""Networks all of whose weights may follow controls."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.func import functional_call

from voxnas.models.base import State
from voxnas.models.control_weights import ControlWeights
from voxnas.models.controls import Control
from voxnas.models.filmed import FilmedNetwork

WEIGHTS = "weights"
STEP = 8  # samples; kStep in weight_controls.h
W = TypeVar("W", bound="WeighedNetwork")


class WeighedNetwork(FilmedNetwork):
    """Network that follows controls as a `FilmedNetwork`, or with all of its weights.

    Attributes:
        control_weights: what a setting makes of the weights, with the conditioning "weights".
    """

    ways = ("mixin", "film", WEIGHTS)
    control_weights: ControlWeights | None

    @abstractmethod
    def _weights(self) -> list[Tensor]:
        """The parameters as they are now, but for those of controls, whose first dimension is of outputs."""

    @abstractmethod
    def numbers(self) -> Tensor:
        """The same one behind the other, `(numbers,)`; what leads nowhere gets no gradient."""

    def set_numbers(self, values: Tensor) -> None:
        """Have these for the weights, `(numbers,)`."""
        with torch.no_grad():
            for own, part in zip(self._weights(), self._split(values), strict=True):
                own.copy_(part)

    @abstractmethod
    def _play(
        self, x: Tensor, state: Sequence[Tensor | None], heard: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Output and state, of weights that stand still."""

    def follow(self, controls: Sequence[Control]) -> None:
        super().follow(controls)
        self.control_weights, self.control_step = None, 1
        if controls and self.conditioning == WEIGHTS:
            self.control_step = STEP
            self.control_weights = ControlWeights(*self._places(), self.num_controls)

    def fold(self: W, setting: Mapping[str, Any]) -> W:
        if self.control_weights is None:
            return super().fold(setting)
        folded, heard, gone = self._fixed(setting)
        with torch.no_grad():
            numbers = self.numbers()
            turned = 2 * heard[0, gone] - 1
            folded.set_numbers(numbers + self.control_weights.changes(numbers)[:, gone] @ turned)
            folded.control_weights = self.control_weights.without(gone, numbers)
        return folded

    def _places(self) -> tuple[Tensor, Tensor]:
        """For each number its row, which a module's weight and bias share, and whether it is a bias."""
        names = {id(p): name.rpartition(".")[0] for name, p in self.named_parameters()}
        firsts: dict[str, int] = {}
        rows: list[int] = []
        biases: list[bool] = []
        for parameter in self._weights():
            count = len(parameter)
            first = firsts.setdefault(names[id(parameter)], max(rows, default=-1) + 1)
            rows += [first + row for row in range(count) for _ in range(parameter.numel() // count)]
            biases += [parameter.ndim == 1] * parameter.numel()
        # On the CPU, whatever device the parameters are made on: files are read where they have no values.
        return torch.tensor(rows, device="cpu"), torch.tensor(biases, device="cpu")

    def _split(self, numbers: Tensor) -> Iterator[Tensor]:
        """The numbers in the shapes of the weights."""
        weights = self._weights()
        parts = numbers.split([p.numel() for p in weights])
        return (part.view_as(p) for part, p in zip(parts, weights, strict=True))

    def _run(
        self, x: Tensor, state: Sequence[Tensor | None], heard: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Output and state; controls are `(batch, k)`, or `(batch, k, samples)`."""
        if heard is None or self.control_weights is None:
            return self._play(x, state, heard)
        if heard.ndim == 2:
            return self._run_each(x, state, heard)
        played = []
        moved = (heard[..., 1:] != heard[..., :-1]).any(dim=1).any(dim=0)
        ends = [*(moved.nonzero()[:, 0] + 1).tolist(), heard.shape[-1]]
        for start, end in zip([0, *ends], ends, strict=False):
            y, state = self._run_each(x[..., start:end], state, heard[..., start])
            played.append(y)
        return torch.cat(played, dim=-1), list(state)  # type: ignore[arg-type]

    def _run_each(self, x: Tensor, state: Sequence[Tensor | None], heard: Tensor) -> tuple[Tensor, State]:
        """Item by item, each with its own weights."""
        assert self.control_weights is not None
        names = {id(p): name for name, p in self.named_parameters()}
        keys = [f"network.{names[id(p)]}" for p in self._weights()]
        outputs, states = [], []
        for item, numbers in enumerate(self.control_weights(self.numbers(), heard)):
            weights = dict(zip(keys, self._split(numbers), strict=True))
            past = [None if s is None else s[item : item + 1] for s in state]
            y, after = functional_call(_Played(self), weights, (x[item : item + 1], past))
            outputs.append(y)
            states.append(after)
        return torch.cat(outputs), [torch.cat(of) for of in zip(*states, strict=True)]


class _Played(nn.Module):
    """What a network plays, as a module's own `forward`."""

    def __init__(self, network: WeighedNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor, state: Sequence[Tensor | None]) -> tuple[Tensor, State]:
        return self.network._play(x, state)
