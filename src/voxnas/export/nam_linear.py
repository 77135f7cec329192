"""A finite impulse response in a `.nam` file: its `config` and its weights, in that order."""

from typing import Any

import torch

from voxnas.export.blank import blank_network, fill
from voxnas.export.nam_keys import PLAIN_VERSION, check_count, check_keys, switch, whole
from voxnas.models.base import StreamingNetwork
from voxnas.models.conv_net import Linear
from voxnas.utils.errors import InputError


def encode(network: Linear) -> tuple[str, dict[str, Any], torch.Tensor]:
    """The file's version, its `config` and its weights, the current sample's first and the bias last."""
    taps, *bias = (parameter.detach().float().cpu().flatten() for parameter in network.parameters())
    config = {"receptive_field": network.receptive_field, "bias": bool(bias)}
    return PLAIN_VERSION, config, torch.cat([taps.flip(0), *bias])


def decode(config: Any, weights: torch.Tensor, name: str) -> StreamingNetwork:
    """The network; InputError naming what in `config` cannot be played, or on a wrong number of weights."""
    config = check_keys(config, {"receptive_field", "bias", "implementation"})
    if not isinstance(config.get("implementation", ""), str | None):  # how, not what, it computes
        raise InputError("config.implementation is not a name")
    taps, bias = whole(config, "receptive_field"), switch(config, "bias")
    network = blank_network({"type": "Linear", "name": name, "taps": taps, "bias": bias})
    check_count(weights, taps + bias)
    state = {"convolutions.0.weight": weights[:taps].flip(0).view(1, 1, taps)}
    return fill(network, state | ({"convolutions.0.bias": weights[taps:].clone()} if bias else {}))
