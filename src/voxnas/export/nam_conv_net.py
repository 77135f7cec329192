"""A ConvNet in a `.nam` file: its `config` and its weights, in that order."""

from typing import Any

import torch

from voxnas.export.blank import blank_network, fill
from voxnas.export.nam_keys import PLAIN_VERSION, check_count, check_keys, check_whole, switch, whole
from voxnas.models.activations import ACTIVATIONS
from voxnas.models.base import StreamingNetwork
from voxnas.models.conv_net import ConvNet
from voxnas.utils.errors import InputError

KERNEL_SIZE = 2  # the plug-in's only one
MAX_LAYERS = 256


def encode(network: ConvNet) -> tuple[str, dict[str, Any], torch.Tensor]:
    """The file's version, its `config` and its weights.

    Raises:
        InputError: kernels other than 2; an activation with slopes or constants of its own.
    """
    if set(network.kernel_sizes) != {KERNEL_SIZE}:
        raise InputError(f"a .nam file's ConvNet has kernels of {KERNEL_SIZE}, not {network.kernel_sizes}")
    if not _is_plain(network.activation):
        raise InputError(f"a .nam file has but a name for a ConvNet's activation, not {network.activation!r}")
    config = {"channels": network.channels, "dilations": network.dilations, "batchnorm": False}
    # The file's order is the order in which the module holds its parameters.
    parts = [parameter.detach().float().cpu().flatten() for parameter in network.parameters()]
    return PLAIN_VERSION, {**config, "activation": network.activation}, torch.cat(parts)


def decode(config: Any, weights: torch.Tensor, name: str) -> StreamingNetwork:
    """The network, batch normalisation made a part of its convolutions.

    Raises:
        InputError: something in `config` that cannot be played, by its key; a wrong number of weights;
            a variance that is none.
    """
    config = check_keys(config, {"channels", "dilations", "batchnorm", "activation"})
    channels, dilations, activation = whole(config, "channels"), _dilations(config), config.get("activation")
    if not _is_plain(activation):
        raise InputError(f"config.activation {str(activation)[:40]!r} cannot be played")
    sizes = {"channels": channels, "dilations": dilations, "kernel_size": KERNEL_SIZE}
    network = blank_network({"type": "ConvNet", "name": name, **sizes, "activation": activation})
    normalised = switch(config, "batchnorm")
    behind = 4 * channels + 1 if normalised else channels
    inputs = [1, *[channels] * (len(dilations) - 1)]
    counts = [count for n in inputs for count in (channels * n * KERNEL_SIZE, behind)]
    check_count(weights, sum(counts) + channels + 1)
    *parts, head, head_bias = weights.split([*counts, channels, 1])
    state = {f"convolutions.{len(dilations)}.weight": head.view(1, channels, 1)}
    state[f"convolutions.{len(dilations)}.bias"] = head_bias
    for i, n in enumerate(inputs):
        weight, bias = parts[2 * i].view(channels, n, KERNEL_SIZE), parts[2 * i + 1]
        if normalised:
            weight, bias = _normalised(weight, bias, i)
        state[f"convolutions.{i}.weight"], state[f"convolutions.{i}.bias"] = weight, bias
    return fill(network, {key: value.clone() for key, value in state.items()})


def _dilations(config: dict[str, Any]) -> list[int]:
    dilations = config.get("dilations")
    if not isinstance(dilations, list) or not 1 <= len(dilations) <= MAX_LAYERS:
        raise InputError(f"config.dilations is not a list of 1 to {MAX_LAYERS} whole numbers")
    return [check_whole(dilation, "dilations") for dilation in dilations]


def _is_plain(activation: Any) -> bool:
    """A known name and nothing else; of PReLU that would not tell its slopes."""
    return isinstance(activation, str) and activation in ACTIVATIONS and activation != "PReLU"


def _normalised(weight: torch.Tensor, numbers: torch.Tensor, i: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The convolution's weight and bias with what follows in it: mean, variance, weight, bias, epsilon."""
    mean, variance, scale, bias = numbers[:-1].double().view(4, -1)
    spread = variance + numbers[-1].double()
    if not bool((spread > 0).all()):
        raise InputError(f"the batch normalisation of block {i} has a variance that is not above zero")
    factor = scale / spread.sqrt()
    return (factor[:, None, None] * weight.double()).float(), (bias - factor * mean).float()
