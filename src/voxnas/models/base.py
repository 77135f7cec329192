"""Contract of every network."""

from abc import ABC, abstractmethod
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

State = list[Tensor]


class Network(nn.Module, ABC):
    """Causal network from one mono signal to another.

    `forward` is "valid": it takes `(batch, 1, samples + receptive_field - 1)` and returns
    `(batch, 1, samples)`; nothing is padded inside. `stream` is the same mathematics with the past kept
    in a state, so that blocks of any length join without a seam.

    A recurrent network's memory has no end: its `memory_is_finite` is False, and its `receptive_field - 1`
    is a warm-up, the samples that `forward` spends on coming from silence to a state.
    """

    name: str
    receptive_field: int  # in samples, the current one included
    delay_samples: int = 0  # how old the newest input is that it knows; training moves the target by as much
    period: int = 1  # samples after which it repeats itself; above 1 where parts of it run at a lower rate
    memory_is_finite: bool = True
    segment_length: int = 8192  # output samples of a training segment that suit it
    batch_size: int = 8  # segments of a training step that suit it

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Output `(batch, 1, samples)` for `(batch, 1, samples + receptive_field - 1)`."""

    @abstractmethod
    def initial_state(self, batch: int = 1) -> State:
        """State that endless silence leaves behind."""

    @abstractmethod
    def stream(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Output for `(batch, 1, samples)` after a state, in as many samples, and the next state."""

    def flatten_for(self, optimizer: Optimizer) -> None:
        """Have a fresh optimizer step the parameters in one piece, where that is faster, until `unflatten`.

        Values, gradients and the optimizer's state dict are read and set by parameter as ever; only
        `torch.autograd.grad` cannot be asked for parameters meanwhile.
        """

    def unflatten(self) -> None:
        """The opposite of `flatten_for`; safe to call at any time."""

    @property
    @abstractmethod
    def macs_per_sample(self) -> int:
        """Multiply-adds per output sample in streaming."""

    @abstractmethod
    def architecture(self) -> dict[str, Any]:
        """Architecture as plain values, which shape the network: `{"type": ..., arguments}`; see `build`."""

    @property
    def num_parameters(self) -> int:
        """Number of trainable values."""
        return sum(p.numel() for p in self.parameters())

    def latency_ms(self, sample_rate: float) -> float:
        """Latency in ms: how far back the network looks, and how much later than the input its output is.

        `(receptive_field + delay_samples) / sample_rate`; but one sample stands for the receptive field of a
        network whose memory has no end: its input is the current sample alone, and its warm-up is a matter
        of training. Most networks add no delay.
        """
        looks_back = self.receptive_field if self.memory_is_finite else 1
        return 1000 * (looks_back + self.delay_samples) / sample_rate

    def summary(self) -> dict[str, Any]:
        """Figures of the run record that are specific to the architecture (layers, channels, …)."""
        return {}
