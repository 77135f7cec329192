"""Interface of the engines that play a model in real time."""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray


class StreamingEngine(ABC):
    """Engine that plays one model block by block, as a plug-in's host calls it.

    A new engine, and one after `reset`, is in the state that endless silence leaves behind.
    """

    name: str

    @abstractmethod
    def reset(self) -> None:
        """Return to the state after silence."""

    @abstractmethod
    def process(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Output for the next samples, mono and of any number, in as many samples; the state goes on."""


def check_mono(block: NDArray[np.float32]) -> None:
    """Raises ValueError unless the block is `(samples,)`."""
    if block.ndim != 1:
        raise ValueError(f"an engine takes mono blocks (samples,), got the shape {block.shape}")
