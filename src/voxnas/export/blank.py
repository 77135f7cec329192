"""Networks to be filled from a file: sized up first, so that a hostile file costs no memory and no time."""

from collections.abc import Mapping
from typing import Any

import torch

from voxnas.models.base import Network
from voxnas.models.build import build
from voxnas.utils.errors import InputError

MAX_RECEPTIVE_FIELD = 2**18  # samples, 5 s at 48 kHz
MAX_WORK = 10**10  # multiply-adds to settle on silence; the plug-in's standard WaveNet takes 6e7


def blank_network(architecture: Mapping[str, Any]) -> Network:
    """The network on PyTorch's meta device: shapes without memory, and no random numbers drawn.

    Fill it with `fill`. Raises InputError on an architecture that cannot be, or is absurdly large.
    """
    try:
        with torch.device("meta"):
            network = build(architecture)
        work = network.receptive_field * network.macs_per_sample
    except (ValueError, TypeError, AttributeError, RuntimeError, OverflowError) as error:
        raise InputError(f"the architecture cannot be built ({error})") from error
    if network.receptive_field > MAX_RECEPTIVE_FIELD:
        raise InputError(f"a receptive field of {network.receptive_field} samples is more than can be played")
    if work > MAX_WORK:
        raise InputError(
            f"too large to play: {network.num_parameters} weights, {work:.1e} multiply-adds to settle"
        )
    return network


def fill(network: Network, weights: Mapping[str, torch.Tensor]) -> Network:
    """Give a blank network weights, by name; InputError if any are missing, surplus, misshaped or NaN."""
    for name, tensor in weights.items():
        if not bool(torch.isfinite(tensor).all()):
            raise InputError(f"weight {name!r} holds NaN or infinity")
    try:
        network.load_state_dict({k: v.float() for k, v in weights.items()}, assign=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise InputError(f"the weights do not fit the architecture ({reason})") from error
    return network.eval()
