"""Ring buffer of what was played lately, for an engine that takes over."""

import numpy as np
from numpy.typing import NDArray


class RingBuffer:
    """Ring buffer of a signal. One thread writes, others read what is not about to be overwritten."""

    def __init__(self, samples: int) -> None:
        self._ring = np.zeros(samples, np.float32)
        self.position = 0  # samples written so far

    def write(self, block: NDArray[np.float32]) -> None:
        """Append `(samples,)`."""
        size = len(self._ring)
        kept = block[-size:]
        start = (self.position + len(block) - len(kept)) % size
        first = min(len(kept), size - start)
        self._ring[start : start + first] = kept[:first]
        self._ring[: len(kept) - first] = kept[first:]
        self.position += len(block)  # last: a reader sees what is there

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """A copy of samples `start` to `stop`, counted from the first ever; of too many the latest."""
        size = len(self._ring)
        start = max(start, stop - size, 0)
        begin, length = start % size, stop - start
        return np.concatenate(
            [self._ring[begin : begin + length], self._ring[: max(0, begin + length - size)]]
        )
