"""The contract that every network keeps."""

from abc import ABC, abstractmethod
from typing import Any

from torch import Tensor, nn

State = list[Tensor]


class Network(nn.Module, ABC):
    """A causal network from one mono signal to another.

    `forward` is "valid": it takes `(batch, 1, samples + receptive_field - 1)` and returns
    `(batch, 1, samples)`; nothing is padded inside. `stream` is the same mathematics with the past kept
    in a state, so that blocks of any length join without a seam.
    """

    name: str
    receptive_field: int  # in samples, the current one included

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """`(batch, 1, samples + receptive_field - 1)` to `(batch, 1, samples)`."""

    @abstractmethod
    def initial_state(self, batch: int = 1) -> State:
        """The state that endless silence leaves behind."""

    @abstractmethod
    def stream(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """`(batch, 1, samples)` and a state to as many output samples and the next state."""

    @property
    @abstractmethod
    def macs_per_sample(self) -> int:
        """Multiply-adds per output sample in streaming."""

    @abstractmethod
    def architecture(self) -> dict[str, Any]:
        """Everything that shapes the network, as plain values: `{"type": ..., arguments}`; see `build`."""

    @property
    def num_parameters(self) -> int:
        """Trainable numbers."""
        return sum(p.numel() for p in self.parameters())

    def latency_ms(self, sample_rate: float) -> float:
        """`receptive_field / sample_rate` in ms: how far back the network looks, not a delay that it adds."""
        return 1000 * self.receptive_field / sample_rate

    def summary(self) -> dict[str, Any]:
        """The figures of the run record that are specific to the architecture (layers, channels, …)."""
        return {}
