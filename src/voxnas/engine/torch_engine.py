"""The engine that every network has: PyTorch's own operations, the past carried from block to block."""

import copy

import numpy as np
import torch
from numpy.typing import NDArray

from voxnas.engine.base import StreamingEngine, check_mono
from voxnas.models.base import StreamingNetwork, check_controls


class TorchEngine(StreamingEngine):
    """Streaming engine of a copy of the network, on the CPU, in float32; later training does not reach it."""

    name = "torch"

    def __init__(self, network: StreamingNetwork) -> None:
        self._network = copy.deepcopy(network).cpu().float().eval()
        self.num_controls = network.num_controls
        with torch.inference_mode():
            self._silence = self._network.initial_state()
        self._state = self._silence

    def reset(self) -> None:
        self._state = self._silence

    def process(
        self, block: NDArray[np.float32], controls: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        check_mono(block)
        check_controls(None if controls is None else controls.shape, self.num_controls)
        if not block.size:
            return np.zeros(0, np.float32)
        with torch.inference_mode():
            x = torch.from_numpy(np.ascontiguousarray(block, np.float32))
            knobs = None if controls is None else torch.from_numpy(controls)[None]
            y, self._state = self._network.stream(x[None, None], self._state, knobs)
            return y[0, 0].numpy()
