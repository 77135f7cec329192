"""A model at twice the rate of the sound, with its time constants kept: the usual remedy against aliasing.

All its delays are twice as long, in samples; so it answers every second sample as if there were no others,
and two copies that take turns are the same network. For recurrent ones see J. Chowdhury (2022), "Sample-rate
agnostic recurrent neural networks", and A. Carson et al. (2024), arXiv:2406.06293.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from voxnas.audio.resample import resample
from voxnas.engine.base import StreamingEngine
from voxnas.engine.make import make_engine
from voxnas.models.base import StreamingNetwork

REACH = 64  # samples on either side of the filter, at the sound's rate


class Oversampled(StreamingEngine):
    """Plays a network at twice the rate, for twice the cost; late by `delay_samples`, at the sound's rate."""

    name = "oversampled"
    delay_samples = 2 * REACH

    def __init__(self, network: StreamingNetwork) -> None:
        impulse = np.zeros(2 * REACH + 1, np.float32)
        impulse[REACH] = 1
        self.filter = resample(impulse, 1, 2)[: 4 * REACH + 1].astype(np.float64)
        self.turns = make_engine(network), make_engine(network)
        self.reset()

    def reset(self) -> None:
        for engine in self.turns:
            engine.reset()
        self.up, self.down = (np.zeros(len(self.filter) - 1) for _ in range(2))

    def process(
        self, block: NDArray[np.float32], controls: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        if not len(block):
            return block
        doubled = np.zeros(2 * len(block))
        doubled[::2] = block
        doubled, self.up = lfilter(self.filter, 1, doubled, zi=self.up)
        for turn, engine in enumerate(self.turns):
            doubled[turn::2] = engine.process(doubled[turn::2].astype(np.float32))
        filtered, self.down = lfilter(self.filter / 2, 1, doubled, zi=self.down)
        return filtered[::2].astype(np.float32)
