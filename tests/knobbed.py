"""Networks whose knobs do something, as if they were trained."""

import torch

from voxnas.models.base import StreamingNetwork
from voxnas.models.control_mix import ControlMix
from voxnas.models.control_weights import ControlWeights


def shaken(network: StreamingNetwork, std: float = 0.5) -> StreamingNetwork:
    """The network itself, what its controls do drawn at random."""
    for module in network.modules():
        if isinstance(module, ControlMix | ControlWeights):
            for parameter in module.parameters():
                torch.nn.init.normal_(parameter, std=std)
    return network
