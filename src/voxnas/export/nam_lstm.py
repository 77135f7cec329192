"""An LSTM in a `.nam` file: its `config` and its weights, in that order."""

import copy
from typing import Any

import torch

from voxnas.export.blank import blank_network, fill
from voxnas.export.nam_keys import PLAIN_VERSION, check_count, check_keys, whole
from voxnas.models.base import StreamingNetwork
from voxnas.models.recurrent import LSTM
from voxnas.utils.errors import InputError

MAX_LAYERS = 64


def encode(network: LSTM) -> tuple[str, dict[str, Any], torch.Tensor]:
    """The file's version, its `config` and its weights; InputError on a skip, which the plug-in has not.

    Per layer: the weights of input and past side by side, row by row; one bias; the state that silence
    leaves, from which the plug-in starts.
    """
    if network.skip:
        raise InputError("a .nam file cannot say that an LSTM adds its input to its output (skip)")
    network = copy.deepcopy(network).cpu().float()
    with torch.no_grad():
        hidden, cell = network.initial_state()
        parts = []
        for layer in range(network.num_layers):
            of_input, of_past, *biases = network.layer(layer)
            parts += [torch.cat([of_input, of_past], dim=1), sum(biases), hidden[layer, 0], cell[layer, 0]]
        parts += [network.head.weight, network.head.bias]
        weights = torch.cat([torch.as_tensor(part).flatten() for part in parts])
    sizes = {"input_size": 1, "hidden_size": network.hidden_size, "num_layers": network.num_layers}
    return PLAIN_VERSION, sizes, weights


def decode(config: Any, weights: torch.Tensor, name: str) -> StreamingNetwork:
    """The network; InputError naming what in `config` cannot be played, or on a wrong number of weights."""
    config = check_keys(config, {"hidden_size", "num_layers"})
    if "input_size" not in config:
        raise InputError("config.input_size is missing")
    units, layers = whole(config, "hidden_size"), whole(config, "num_layers", MAX_LAYERS)
    architecture = {"type": "LSTM", "name": name, "hidden_size": units, "num_layers": layers}
    network = blank_network(architecture)
    inputs = [1, *[units] * (layers - 1)]
    sizes = [size for count in inputs for size in (4 * units * (count + units), 4 * units, units, units)]
    check_count(weights, sum(sizes) + units + 1)
    *parts, head, bias = weights.split([*sizes, units, 1])
    state = {"head.weight": head.view(1, units), "head.bias": bias}
    for layer, count in enumerate(inputs):
        both, summed = parts[4 * layer].view(4 * units, count + units), parts[4 * layer + 1]
        state[f"units.weight_ih_l{layer}"], state[f"units.weight_hh_l{layer}"] = both.split([count, units], 1)
        state[f"units.bias_ih_l{layer}"], state[f"units.bias_hh_l{layer}"] = summed, torch.zeros_like(summed)
    state["start"] = torch.stack([torch.stack(parts[2::4]), torch.stack(parts[3::4])])
    return fill(network, {key: value.clone() for key, value in state.items()})
