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
        self._library, self._handle = library, ctypes.c_void_p(pointer)
        self._call = (self._handle, *(ctypes.c_void_p(b.ctypes.data) for b in (self._input, self._output)))
        self._process, self._reset = library.voxnas_stream_process, library.voxnas_stream_reset
        self._process.argtypes = [*[ctypes.c_void_p] * 3, ctypes.c_int64]
        self._process.restype = self._reset.restype = None
        weakref.finalize(self, library.voxnas_stream_destroy, self._handle)

    def follow(
        self, mix: NDArray[np.float32], values: NDArray[np.float32], scale: NDArray[np.float32] | None = None
    ) -> None:
        """Has it follow controls, with the values `(k,)` to begin with; the stream is reset.

        Args:
            mix: `(rows, k)`, what they add to what goes into its activations, row by row.
            values: as the network hears them.
            scale: `(rows, k)`, by how much they multiply that before, beside 1; None for not at all.

        Raises Unavailable where it has no such rows. All is copied.
        """
        mix, values = (np.ascontiguousarray(part, np.float32) for part in (mix, values))
        scale = None if scale is None else np.ascontiguousarray(scale, np.float32)
        follow = self._library.voxnas_stream_follow
        follow.argtypes = [*[ctypes.c_void_p] * 3, ctypes.c_int64, ctypes.c_int, ctypes.c_void_p]
        factors = None if scale is None else scale.ctypes.data
        self._followed(follow(self._handle, mix.ctypes.data, factors, *mix.shape, values.ctypes.data))

    def follow_weights(self, changes: NDArray[np.float32], values: NDArray[np.float32]) -> None:
        """Has all its weights follow controls, see `follow`; `changes` are `(k, weights)`."""
        changes, values = (np.ascontiguousarray(part, np.float32) for part in (changes, values))
        follow = self._library.voxnas_stream_follow_weights
        follow.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]
        self._followed(follow(self._handle, changes.ctypes.data, len(changes), values.ctypes.data))

    def _followed(self, failed: int) -> None:
        if failed:
            raise Unavailable(failure_message(self._library))
        self._control = self._library.voxnas_stream_control
        self._control.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]
        self._control.restype = None

    def control(self, values: NDArray[np.float32], samples: int) -> None:
        """The controls' next values `(k,)`, reached in a straight line of so many samples; 0 for at once."""
        values = np.ascontiguousarray(values, np.float32)
        self._control(self._handle, values.ctypes.data, samples)

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
