"""A stream before it is made: what native code is given, here or in a page, to play a network."""

import ctypes
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voxnas.kernels.build import load
from voxnas.kernels.stream import Stream

Argument = int | float | NDArray[np.int64] | NDArray[np.float32]


@dataclass(frozen=True)
class NativeForm:
    """Native form of a network, with all of its weights.

    Attributes:
        kind: `X` of the source `X_stream.cpp` and its function `voxnas_X_stream_create`.
        arguments: that function's, in its order; it copies the arrays.
    """

    kind: str
    arguments: tuple[Argument, ...]

    def stream(self) -> Stream:
        """A stream of it on this machine; Unavailable where no library can be built or made to play it."""
        library = load(f"{self.kind}_stream.cpp")
        create = getattr(library, f"voxnas_{self.kind}_stream_create")
        create.argtypes, create.restype = [_type(a) for a in self.arguments], ctypes.c_void_p
        return Stream(library, create(*(_value(a) for a in self.arguments)))


def _type(argument: Argument) -> type:
    if isinstance(argument, np.ndarray):
        return ctypes.c_void_p
    return ctypes.c_int if isinstance(argument, int) else ctypes.c_float


def _value(argument: Argument) -> int | float:
    return int(argument.ctypes.data) if isinstance(argument, np.ndarray) else argument
