"""Networks of a map to channels, layers with a past of their own, and a map to the output."""

from collections.abc import Iterable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from torch import Tensor, nn

from voxnas.kernels.graph import Step
from voxnas.models.activations import Spec
from voxnas.models.base import State, StreamingNetwork
from voxnas.models.pointwise import Pointwise


class StackedLayer(Protocol):
    """Layer of such a network."""

    def __call__(self, x: Tensor, past: Any) -> tuple[Tensor, Tensor]:
        """`(channels, batch, samples)` and a past to an output and the next past."""

    def program(self, signal: int, spec: Spec) -> list[Step]:
        """Steps that follow those that made so many signals, the last of which goes in."""


L = TypeVar("L", bound=StackedLayer)


class Stacked(StreamingNetwork, Generic[L]):
    """Base of such networks; one says what its layers are, and what silence leaves behind in them."""

    spec: Spec

    def stack(self, channels: int, layers: Iterable[L]) -> None:
        """Make the parts, in this order, so that seeds mean what they did."""
        self.encoder = Pointwise(1, channels)
        self.layers = nn.ModuleList(layers)  # type: ignore[arg-type]
        self.decoder = Pointwise(channels, 1)

    @property
    def _layers(self) -> list[L]:
        return list(self.layers)  # type: ignore[arg-type]

    def stream(self, x: Tensor, state: State, controls: Tensor | None = None) -> tuple[Tensor, State]:
        self._check(controls)
        return self._run(x, state)

    def _run(self, x: Tensor, state: Sequence[Tensor | None]) -> tuple[Tensor, State]:
        x, after = self.encoder(x.transpose(0, 1)), []
        for layer, past in zip(self._layers, state, strict=True):
            x, kept = layer(x, past)
            after.append(kept)
        return self.decoder(x).transpose(0, 1), after

    def program(self) -> list[Step]:
        """The network as steps that native code plays."""
        steps = [self.encoder.step(0)]
        for layer in self._layers:
            steps += layer.program(len(steps), self.spec)
        return [*steps, self.decoder.step(len(steps))]
