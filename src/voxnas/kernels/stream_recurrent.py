"""Streaming of LSTM and GRU networks in native code."""

import ctypes

import numpy as np
from numpy.typing import NDArray

from voxnas.kernels.build import Unavailable, load
from voxnas.kernels.stream import Stream

KINDS = ("LSTM", "GRU")  # in the order of their numbers in recurrent_stream.cpp
MOST_UNITS = 1024  # per layer; what is larger has no place in an audio thread


def recurrent_stream(
    kind: str, layers: int, units: int, skip: bool, weights: NDArray[np.float32], start: NDArray[np.float32]
) -> Stream:
    """Stream of recurrent layers and a linear output.

    Args:
        kind: of KINDS.
        layers: each fed by the one before.
        units: per layer.
        skip: add the input to the output.
        weights: each layer's `weight_ih, weight_hh, bias_ih, bias_hh` in PyTorch's layout, then the output's
            weights and its bias, flat; copied.
        start: the state that silence begins with, `(states, layers, units)`.

    Raises:
        Unavailable: no library can be built here, or the network is too large for one.
    """
    if units > MOST_UNITS:
        raise Unavailable(f"{units} units are over the native {MOST_UNITS}")
    library = load("recurrent_stream.cpp")
    create = library.voxnas_recurrent_stream_create
    create.argtypes, create.restype = [*[ctypes.c_int] * 4, ctypes.c_void_p], ctypes.c_void_p
    flat = np.concatenate([weights.ravel(), start.ravel()]).astype(np.float32)
    return Stream(library, create(KINDS.index(kind), layers, units, int(skip), flat.ctypes.data))
