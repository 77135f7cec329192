"""A WaveNet in a `.nam` file: its `config` and its weights, in that order."""

import math
from typing import Any

import torch

from voxnas.export import nam_conditioned
from voxnas.export.blank import blank_network, fill
from voxnas.export.nam_activation import Slopes
from voxnas.export.nam_config import to_config
from voxnas.export.nam_config_read import from_config
from voxnas.models.activations import PReLU
from voxnas.models.base import StreamingNetwork
from voxnas.models.wavenet import WaveNet
from voxnas.utils.errors import InputError


def encode(network: WaveNet) -> tuple[str, dict[str, Any], torch.Tensor]:
    """The file's version, its `config` and its weights."""
    # The file's order is the order in which WaveNet's modules hold their parameters.
    parameters = {key: p.detach().float().cpu().flatten() for key, p in network.named_parameters()}
    slopes = {key: parameters.pop(key).tolist() for key in _slopes_in(network)}
    if not all(math.isfinite(slope) for own in slopes.values() for slope in own):
        raise InputError("the slopes of its PReLUs hold NaN or infinity")
    version, config = to_config(network.shapes, network.head_scale, slopes)
    return version, config, torch.cat([*parameters.values(), torch.tensor([network.head_scale])])


def decode(config: Any, weights: torch.Tensor, name: str) -> StreamingNetwork:
    """The network; InputError naming what in `config` cannot be played, or on a wrong number of weights."""
    if nam_conditioned.is_conditioned(config):
        return nam_conditioned.decode(config, weights, name)
    found = from_config(config)
    shapes, slopes = found.shapes, found.slopes
    network = blank_network(WaveNet.arguments(shapes, head_scale=1.0, name=name))
    rest = {key: p for key, p in network.named_parameters() if key not in slopes}
    sizes = [parameter.numel() for parameter in rest.values()]
    needed = sum(sizes) + 1
    if len(weights) != needed:
        raise InputError(f"{len(weights)} weights, but its config needs {needed}; the file is damaged")
    parts = zip(rest.items(), weights[:-1].split(sizes), strict=True)
    values = {key: part.view(parameter.shape).clone() for (key, parameter), part in parts}
    fill(network, values | {key: _tensor(slopes[key], network.get_parameter(key)) for key in slopes})
    assert isinstance(network, WaveNet)
    network.head_scale = float(weights[-1])  # it overrides the one in config
    return network


def _slopes_in(network: WaveNet) -> list[str]:
    """The parameters that a file has in its `config` instead of among its weights."""
    return [f"{key}.slopes" for key, module in network.named_modules() if isinstance(module, PReLU)]


def _tensor(slopes: Slopes, like: torch.Tensor) -> torch.Tensor:
    return torch.tensor(slopes, dtype=torch.float32).expand(like.shape).clone()
