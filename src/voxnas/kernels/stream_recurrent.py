"""Streaming of LSTM and GRU networks in native code."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from voxnas.kernels.build import Unavailable
from voxnas.kernels.form import NativeForm

KINDS = ("LSTM", "GRU")  # in the order of their numbers in recurrent_stream.cpp
MOST_UNITS = 1024  # per layer; what is larger has no place in an audio thread


def recurrent_form(
    kind: str,
    layers: int,
    units: int,
    skip_gain: float,
    weights: NDArray[np.float32],
    start: NDArray[np.float32],
) -> NativeForm:
    """Native form of recurrent layers and a linear output.

    Args:
        kind: of KINDS.
        layers: each fed by the one before.
        units: per layer.
        skip_gain: of the input, which is added to the output.
        weights: each layer's `weight_ih, weight_hh, bias_ih, bias_hh` in PyTorch's layout, then the output's
            weights and its bias, flat.
        start: the state that silence begins with, `(states, layers, units)`.

    Raises:
        Unavailable: the network is too large for one.
    """
    if units > MOST_UNITS:
        raise Unavailable(f"{units} units are over the native {MOST_UNITS}")
    flat = np.concatenate([weights.ravel(), start.ravel()]).astype(np.float32)
    return with_delay(NativeForm("recurrent", (KINDS.index(kind), layers, units, float(skip_gain), flat)))


def with_delay(form: NativeForm, first: int = 1, taps: Sequence[float] = (1.0,)) -> NativeForm:
    """The form whose samples start from the taps times the states from `first` samples before on."""
    return replace(form, arguments=(*form.arguments[:5], first, len(taps), np.array(taps, np.float32)))
