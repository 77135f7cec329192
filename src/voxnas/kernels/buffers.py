"""Pool of memory that training steps reuse.

A step's memory is so large that the system gives it out fresh each time, page by page, which takes longer
than many a step's arithmetic.
"""

import weakref

import numpy as np
import torch
from torch import Tensor


class Buffers:
    """Float32 tensors, whose memory comes back here by itself when nobody holds the tensor any more."""

    def __init__(self, spare: int = 4) -> None:
        self._spare = spare
        self._free: list[np.ndarray] = []

    def take(self, size: int) -> Tensor:
        """Tensor of `size` floats, of any content."""
        memory = self._memory(size)
        view = memory[:size]
        weakref.finalize(view, self._give_back, memory).atexit = False
        return torch.from_numpy(view)

    def _memory(self, size: int) -> np.ndarray:
        fitting = [memory for memory in self._free if size <= memory.size <= 2 * size]
        if not fitting:
            return np.empty(size, np.float32)
        best = min(fitting, key=len)
        self._free = [memory for memory in self._free if memory is not best]
        return best

    def _give_back(self, memory: np.ndarray) -> None:
        self._free = [*self._free, memory][-self._spare :]
