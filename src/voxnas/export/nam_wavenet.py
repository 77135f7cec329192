"""A WaveNet in a `.nam` file: its `config` and its weights, in that order."""

from typing import Any

import torch

from voxnas.export.blank import blank_network, fill
from voxnas.export.nam_config import from_config, to_config
from voxnas.models.base import Network
from voxnas.models.wavenet import WaveNet
from voxnas.utils.errors import InputError


def encode(network: WaveNet) -> tuple[str, dict[str, Any], torch.Tensor]:
    """The file's version, its `config` and its weights."""
    version, config = to_config(network.shapes, network.head_scale)
    # The file's order is the order in which WaveNet's modules hold their parameters.
    parts = [parameter.detach().float().cpu().flatten() for parameter in network.parameters()]
    return version, config, torch.cat([*parts, torch.tensor([network.head_scale])])


def decode(config: Any, weights: torch.Tensor, name: str) -> Network:
    """The network; InputError naming what in `config` cannot be played, or on a wrong number of weights."""
    shapes = from_config(config)
    network = blank_network(WaveNet.arguments(shapes, head_scale=1.0, name=name))
    needed = network.num_parameters + 1
    if len(weights) != needed:
        raise InputError(f"{len(weights)} weights, but its config needs {needed}; the file is damaged")
    parts = weights[:-1].split([parameter.numel() for parameter in network.parameters()])
    named = zip(network.named_parameters(), parts, strict=True)
    fill(network, {key: part.view(parameter.shape).clone() for (key, parameter), part in named})
    assert isinstance(network, WaveNet)
    network.head_scale = float(weights[-1])  # it overrides the one in config
    return network
