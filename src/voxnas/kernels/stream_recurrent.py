"""Streaming of LSTM and GRU networks in native code."""

import ctypes

import numpy as np
from numpy.typing import NDArray

from voxnas.kernels.build import Unavailable, load
from voxnas.kernels.stream import Stream

KINDS = ("LSTM", "GRU")  # in the order of their numbers in recurrent_stream.cpp
MOST_UNITS = 1024  # per layer; what is larger has no place in an audio thread


def recurrent_stream(
    kind: str,
    layers: int,
    units: int,
    skip_gain: float,
    weights: NDArray[np.float32],
    start: NDArray[np.float32],
) -> Stream:
    """Stream of recurrent layers and a linear output.

    Args:
        kind: of KINDS.
        layers: each fed by the one before.
        units: per layer.
        skip_gain: of the input, which is added to the output.
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
    create.argtypes = [*[ctypes.c_int] * 3, ctypes.c_float, ctypes.c_void_p]
    create.restype = ctypes.c_void_p
    flat = np.concatenate([weights.ravel(), start.ravel()]).astype(np.float32)
    return Stream(library, create(KINDS.index(kind), layers, units, skip_gain, flat.ctypes.data))
