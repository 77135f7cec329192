"""Conversion between sample rates while playing, in native code."""

import ctypes
import weakref

import numpy as np
from numpy.typing import NDArray

from voxnas.kernels.build import Unavailable, load
from voxnas.kernels.failures import failure_message


class NativeConverter:
    """Converter of a signal that comes in blocks of any size, from one rate to another.

    Args:
        prototype: the filter's impulse response, `density` numbers per sample of the lower rate.
        density: of it.
        from_rate, to_rate: in Hz.

    Raises Unavailable where no library can be built, or no such rates be converted.
    """

    def __init__(self, prototype: NDArray[np.float32], density: int, from_rate: int, to_rate: int) -> None:
        library = load("resampler.cpp")
        create = library.voxnas_resampler_create
        create.argtypes = [ctypes.c_void_p, *[ctypes.c_int] * 4]
        create.restype = ctypes.c_void_p
        numbers = np.ascontiguousarray(prototype, np.float32)
        pointer = create(numbers.ctypes.data, len(numbers), density, from_rate, to_rate)
        if not pointer:
            raise Unavailable(failure_message(library))
        self._handle = ctypes.c_void_p(pointer)
        self._ratio = to_rate / from_rate
        self._convert, self._reset = library.voxnas_resampler_convert, library.voxnas_resampler_reset
        self._convert.argtypes = [*[ctypes.c_void_p] * 2, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64]
        self._convert.restype = ctypes.c_int64
        self._reset.restype = None
        weakref.finalize(self, library.voxnas_resampler_destroy, self._handle)

    def reset(self) -> None:
        """Return to silence."""
        self._reset(self._handle)

    def convert(self, block: NDArray[np.float32], wanted: int | None = None) -> NDArray[np.float32]:
        """Outputs up to the block's end `(n,)`, or as many as are wanted, the rest at the next call."""
        block = np.ascontiguousarray(block, np.float32)
        most = int(len(block) * self._ratio) + 16 if wanted is None else wanted
        out = np.empty(most, np.float32)
        done = self._convert(self._handle, block.ctypes.data, len(block), out.ctypes.data, most)
        return out[:done]
