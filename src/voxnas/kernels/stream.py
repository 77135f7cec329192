"""Streaming in native code, which keeps a network's weights, and its past from block to block."""

import ctypes
import weakref

import numpy as np
from numpy.typing import NDArray

from voxnas.kernels.build import Unavailable
from voxnas.kernels.failures import failure_message

MOST_PAST = 2**24  # samples; what looks back further has sizes that no network is meant to have
CHUNK = 2**14  # samples per call at most


class Stream:
    """Streaming network in native code; `pointer` comes from a create function of `library`."""

    def __init__(self, library: ctypes.CDLL, pointer: int | None) -> None:
        if not pointer:
            raise Unavailable(failure_message(library))
        self._input, self._output = np.zeros(CHUNK, np.float32), np.zeros(CHUNK, np.float32)
        self._handle = ctypes.c_void_p(pointer)
        self._call = (self._handle, *(ctypes.c_void_p(b.ctypes.data) for b in (self._input, self._output)))
        self._process, self._reset = library.voxnas_stream_process, library.voxnas_stream_reset
        self._process.argtypes = [*[ctypes.c_void_p] * 3, ctypes.c_int64]
        self._process.restype = self._reset.restype = None
        weakref.finalize(self, library.voxnas_stream_destroy, self._handle)

    def reset(self) -> None:
        """Returns to the state that endless silence leaves behind."""
        self._reset(self._handle)

    def process(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Output for the next `(samples,)`, of the same shape."""
        size = len(block)
        if size > CHUNK:
            starts = range(0, size, CHUNK)
            return np.concatenate([self.process(block[start : start + CHUNK]) for start in starts])
        # Copied, since the address of an array takes longer to find out than a block of it to copy.
        self._input[:size] = block
        self._process(*self._call, size)
        return self._output[:size].copy()
