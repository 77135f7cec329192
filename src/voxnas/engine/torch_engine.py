"""The engine that every network has: PyTorch's own operations, the past carried from block to block."""

import copy

import numpy as np
import torch
from numpy.typing import NDArray

from voxnas.engine.base import GLIDE, StreamingEngine, check_mono
from voxnas.models.base import State, StreamingNetwork


class TorchEngine(StreamingEngine):
    """Streaming engine of a copy of the network, on the CPU, in float32; later training does not reach it."""

    name = "torch"

    def __init__(self, network: StreamingNetwork) -> None:
        self._network = copy.deepcopy(network).cpu().float().eval()
        self._follow(network)
        self._now = self._target = self._from = self._network.setting()[0].numpy()
        self._left = self._glide = 0
        self._state = self._silence = self._settled()
        self._silent_at = self._now

    def reset(self) -> None:
        self._now, self._left = self._target, 0
        if not np.array_equal(self._silent_at, self._now):
            self._silence, self._silent_at = self._settled(), self._now
        self._state = self._silence

    def _settled(self) -> State:
        with torch.inference_mode():
            return self._network.initial_state(1, self._heard(self._now))

    def process(
        self, block: NDArray[np.float32], controls: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        check_mono(block)
        if controls is not None:
            self._move(controls, GLIDE)
        if not block.size:
            return np.zeros(0, np.float32)
        with torch.inference_mode():
            x = torch.from_numpy(np.ascontiguousarray(block, np.float32))
            y, self._state = self._network.stream(x[None, None], self._state, self._next(len(block)))
            return y[0, 0].numpy()

    def _move(self, values: NDArray[np.float32], glide: int) -> None:
        super()._move(values, glide)
        self._from, self._target = self._now, values.copy()
        self._left = self._glide = glide
        if not glide:
            self._now = self._target

    def _next(self, samples: int) -> torch.Tensor | None:
        """The controls of the next samples, one set of them for each while they move.

        Where weights follow them, which are worked out anew, they go in steps, as in native code.
        """
        if not self._left:
            return self._heard(self._now)
        left = np.maximum(self._left - 1 - np.arange(samples), 0)
        left -= left % self._network.control_step
        share = left.astype(np.float32) / self._glide
        way = self._target[:, None] + share * (self._from - self._target)[:, None]
        self._left = max(0, self._left - samples)
        self._now = way[:, -1] if self._left else self._target
        return self._heard(way)

    def _heard(self, values: NDArray[np.float32]) -> torch.Tensor | None:
        return torch.from_numpy(np.ascontiguousarray(values))[None] if self.controls else None
