"""A trained network made to play at another rate than its own, from within."""

import copy
from typing import Any

from voxnas.models.base import StreamingNetwork
from voxnas.models.build import build
from voxnas.models.recurrent import Recurrent
from voxnas.models.state_delay import StateDelay
from voxnas.utils.errors import InputError


def at_ratio(network: StreamingNetwork, ratio: float) -> StreamingNetwork:
    """A network that does at `ratio` times the rate what this one does at its own; it shares no weights.

    A recurrent network's state is read where it was one sample ago, see `StateDelay`. A network of
    convolutions has its taps moved apart, for whole ratios: it answers each of the interleaved signals as it
    did before, so that up to its own half rate it does the same, as far as its nonlinearities alias alike.

    Raises:
        InputError: the network cannot, with the reason.
    """
    if ratio == 1:
        return copy.deepcopy(network)
    if isinstance(network, Recurrent):
        return StateDelay(copy.deepcopy(network), ratio)
    if ratio != round(ratio) or ratio < 1:
        raise InputError(f"{network.name}: plays at whole multiples of its rate, not at {ratio:.4g} times")
    stretched = build(_stretched(network.architecture(), round(ratio), network.name))
    stretched.load_state_dict(network.state_dict())
    assert isinstance(stretched, StreamingNetwork)
    return stretched


def _stretched(architecture: dict[str, Any], times: int, name: str) -> dict[str, Any]:
    kind = architecture["type"]
    if kind == "WaveNet":
        arrays = [_stretched_array(array, times) for array in architecture["layer_arrays"]]
        return {**architecture, "layer_arrays": arrays}
    if kind == "ConvNet":
        return {**architecture, "dilations": [times * d for d in architecture["dilations"]]}
    raise InputError(f"{name}: a {kind} plays at its own rate alone")


def _stretched_array(array: dict[str, Any], times: int) -> dict[str, Any]:
    stretched = {**array, "dilations": [times * d for d in array["dilations"]]}
    if array.get("head_kernel_size", 1) > 1:
        stretched["head_dilation"] = times * array.get("head_dilation", 1)
    return stretched
