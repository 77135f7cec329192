"""Contracts of networks: what every network has, and what one that plays a signal as it comes adds."""

import copy
import functools
import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from voxnas.models.controls import Control, check_names, encode
from voxnas.utils.errors import InputError

State = list[Tensor]
BACKENDS = ("auto", "native", "torch")  # what computes a network in training

log = logging.getLogger(__name__)


class Network(nn.Module, ABC):
    """Network that a search can try: it says what it is, how large it is, and how much it computes."""

    name: str

    @abstractmethod
    def architecture(self) -> dict[str, Any]:
        """Everything that shapes the network, as plain values: `{"type": ..., arguments}`; see `build`."""

    @property
    @abstractmethod
    def macs(self) -> int:
        """Multiply-adds of one output: a sample, an image."""

    @property
    def num_parameters(self) -> int:
        """Trainable numbers."""
        return sum(p.numel() for p in self.parameters())

    def summary(self) -> dict[str, Any]:
        """Figures of the run record that are specific to the architecture (layers, channels, …)."""
        return {}

    def as_own(self, weights: dict[str, Tensor], architecture: Mapping[str, Any]) -> dict[str, Tensor]:
        """Weights of another network of this shape, so that this one does the same with its own constants."""
        return weights

    def inherited(
        self, weights: Mapping[str, Tensor], architecture: Mapping[str, Any]
    ) -> tuple[dict[str, Tensor], float]:
        """Own weights, as many as may be from those of a network of another shape, and their share of all.

        Raises InputError where the two have nothing in common.
        """
        raise InputError(f"a {type(self).__name__} inherits no weights of another shape")

    def flatten_for(self, optimizer: Optimizer) -> None:
        """Have a fresh optimizer step the parameters in one piece, where that is faster, until `unflatten`.

        Values, gradients and the optimizer's state dict are read and set by parameter as ever; only
        `torch.autograd.grad` cannot be asked for parameters meanwhile.
        """

    def unflatten(self) -> None:
        """The opposite of `flatten_for`; safe to call at any time."""


class StreamingNetwork(Network):
    """Causal network from one mono signal to another.

    `forward` is "valid": it takes `(batch, 1, samples + receptive_field - 1)` and returns
    `(batch, 1, samples)`; nothing is padded inside. `stream` is the same mathematics with the past kept
    in a state, so that blocks of any length join without a seam.

    A recurrent network's memory has no end: its `memory_is_finite` is False, and its `receptive_field - 1`
    is a warm-up, the samples that `forward` spends on coming from silence to a state.

    A network may follow controls, such as knobs: `num_controls` numbers for each item of a batch, which
    `setting` makes of values on the panel. Where none are given its controls are at rest.
    """

    receptive_field: int  # in samples, the current one included
    delay_samples: int = 0  # how old the newest input is that it knows; training moves the target by as much
    period: int = 1  # samples after which it repeats itself; above 1 where parts of it run at a lower rate
    memory_is_finite: bool = True
    controls: tuple[Control, ...] = ()
    num_controls: int = 0  # numbers that it hears of them
    control_step: int = 1  # samples for which they stand still while they move, in playing
    segment_length: int = 8192  # output samples of a training segment that suit it
    batch_size: int = 8  # segments of a training step that suit it

    @abstractmethod
    def forward(self, x: Tensor, controls: Tensor | None = None) -> Tensor:
        """`(batch, 1, samples + receptive_field - 1)` to `(batch, 1, samples)`; controls `(batch, k)`."""

    @abstractmethod
    def initial_state(self, batch: int = 1, controls: Tensor | None = None) -> State:
        """The state that endless silence leaves behind; controls `(1, k)` or `(batch, k)`."""

    @abstractmethod
    def stream(self, x: Tensor, state: State, controls: Tensor | None = None) -> tuple[Tensor, State]:
        """`(batch, 1, samples)` and a state to as many output samples and the next state.

        Controls are `(batch, k)` for the block, or `(batch, k, samples)` where they move within it.
        """

    def follow(self, controls: Sequence[Control]) -> None:
        """Follow these controls from now on, with fresh weights for them; before training.

        Raises InputError if it cannot follow any.
        """
        if controls:
            raise InputError(
                f"{type(self).__name__} follows no controls; train a WaveNet, a TCN, an LSTM or a GRU"
            )

    def fold(self, setting: Mapping[str, Any]) -> "StreamingNetwork":
        """A copy whose controls of these names are fixed, and gone. InputError on a setting off the panel."""
        check_names(self.controls, setting)
        return copy.deepcopy(self)

    def at_rest(self) -> "StreamingNetwork":
        """The network for files without controls: all of them folded where they rest."""
        return self.fold({c.name: c.at_rest for c in self.controls}) if self.controls else self

    def setting(self, values: Mapping[str, Any] | None = None) -> Tensor:
        """Controls `(1, k)` of values on the panel; what is left out is at rest."""
        return torch.tensor([encode(self.controls, values or {})], dtype=torch.float32)

    def _check(self, controls: Tensor | None) -> None:
        check_controls(None if controls is None else tuple(controls.shape[:2]), self.num_controls)

    def _heard(self, controls: Tensor | None, like: Tensor) -> Tensor | None:
        """The controls, those at rest where none are given; None for a network without any."""
        if controls is None and self.controls:
            controls = self.setting().to(like).expand(like.shape[0], -1)
        self._check(controls)
        return None if controls is None else controls.to(like)

    @property
    @abstractmethod
    def macs_per_sample(self) -> int:
        """Multiply-adds per output sample in streaming."""

    @property
    def macs(self) -> int:
        return self.macs_per_sample

    @property
    def causal(self) -> bool:
        """Whether it answers a sample with that sample, and needs none that comes later."""
        return self.delay_samples == 0

    def latency_ms(self, sample_rate: float) -> float:
        """Latency in ms: how far back the network looks, and how much later than the input its output is.

        `(receptive_field + delay_samples) / sample_rate`; but one sample stands for the receptive field of a
        network whose memory has no end: its input is the current sample alone, and its warm-up is a matter
        of training. Most networks add no delay.
        """
        looks_back = self.receptive_field if self.memory_is_finite else 1
        return 1000 * (looks_back + self.delay_samples) / sample_rate


def check_controls(shape: tuple[int, ...] | None, num_controls: int) -> None:
    """ValueError unless controls of this shape, None for none, are as many as a network follows."""
    if (0 if shape is None else shape[-1]) != num_controls:
        given = "none" if shape is None else f"controls of the shape {shape}"
        raise ValueError(f"the network follows {num_controls} controls, got {given}")


@functools.cache
def warn_of_torch(reason: str) -> None:
    """Say once why training has to do without native code."""
    log.warning("training runs on PyTorch, several times slower than native code: %s", reason)
