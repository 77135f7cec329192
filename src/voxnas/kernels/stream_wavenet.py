"""Streaming of WaveNets in native code."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from voxnas.kernels import wavenet
from voxnas.kernels.activations import PLAYED
from voxnas.kernels.build import Unavailable
from voxnas.kernels.form import NativeForm
from voxnas.kernels.stream import MOST_PAST


def wavenet_form(
    arrays: Sequence[wavenet.ArrayShape], weights: NDArray[np.float32], scale: float, receptive_field: int
) -> NativeForm:
    """Native form of a WaveNet.

    Args:
        arrays: the layer arrays.
        weights: all, flat, in the order of plug-in files but for the output's factor.
        scale: the output's factor.
        receptive_field: in samples.

    Raises:
        Unavailable: the network has no native form.
    """
    shape = wavenet.shape_list(arrays, PLAYED)
    if receptive_field > MOST_PAST:
        raise Unavailable(f"a receptive field of {receptive_field} samples is over the native {MOST_PAST}")
    flat = np.ascontiguousarray(weights, np.float32)
    return NativeForm("wavenet", (np.array(shape, np.int64), flat, float(scale)))
