"""Interface of the engines that play a model in real time."""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray


class StreamingEngine(ABC):
    """Engine that plays one model block by block, as a plug-in's host calls it.

    A new engine, and one after `reset`, is in the state that endless silence leaves behind.
    """

    name: str
    num_controls: int = 0  # that the model follows, such as knobs

    @abstractmethod
    def reset(self) -> None:
        """Return to the state after silence."""

    @abstractmethod
    def process(
        self, block: NDArray[np.float32], controls: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """The next samples, mono and of any number, to as many samples of output; the state goes on.

        `controls` are `(k,)` for the block. Raises ValueError on a block or controls of another shape.
        """


def check_mono(block: NDArray[np.float32]) -> None:
    """Raises ValueError unless the block is `(samples,)`."""
    if block.ndim != 1:
        raise ValueError(f"an engine takes mono blocks (samples,), got the shape {block.shape}")
