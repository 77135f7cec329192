"""A network put together again from the layers of an RTNeural file."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from voxnas.export.blank import blank_network, fill
from voxnas.export.keras_layers import swap_gates
from voxnas.export.keras_read import Layer
from voxnas.models.base import StreamingNetwork
from voxnas.models.controls import unnamed
from voxnas.utils.errors import InputError


def assemble(layers: Sequence[Layer], name: str, skip_gain: float = 0.0) -> StreamingNetwork:
    """The network that runs these layers and adds the input, times `skip_gain`, to the output.

    Raises:
        InputError: an order or sizes that none of our networks has, weights that are not finite.
    """
    kinds = [layer.kind for layer in layers]
    *inner, last = layers
    if last.activation is not None or last.kind != "conv1d":
        raise InputError("the last layer is not a dense or conv1d layer without activation")
    if inner and set(kinds[:-1]) in ({"lstm"}, {"gru"}) and len(last.weights[0]) == 1:
        return _recurrent(inner, last, name, skip_gain)
    if skip_gain:
        raise InputError("the input is added to the output of convolutions, which none of our networks does")
    if not inner:
        return _linear(last, name)
    if set(kinds) == {"conv1d"} and len(last.weights[0]) == 1:
        return _conv_net(inner, last, name)
    raise InputError(f"none of our networks runs {', '.join(kinds)} in this order")


def _recurrent(inner: Sequence[Layer], last: Layer, name: str, skip_gain: float) -> StreamingNetwork:
    kind, hidden_size = inner[0].kind, inner[0].outputs
    if any(layer.outputs != hidden_size for layer in inner):
        raise InputError(f"{kind} layers of different sizes cannot be played")
    sizes: dict[str, Any] = {"hidden_size": hidden_size, "num_layers": len(inner)}
    sizes |= {"skip": True, "skip_gain": skip_gain} if skip_gain else {}
    if knobs := len(inner[0].weights[0]) - 1:
        sizes["controls"] = unnamed(knobs)
    network = blank_network({"type": kind.upper(), "name": name, **sizes})
    weights = {"start": torch.zeros(2 if kind == "lstm" else 1, len(inner), hidden_size)}
    for index, layer in enumerate(inner):
        inputs, hidden, bias = map(torch.from_numpy, layer.weights)
        biases = (bias, torch.zeros_like(bias)) if kind == "lstm" else bias.unbind()
        parts = [inputs.T, hidden.T, *biases]
        for part, tensor in zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), parts, strict=True):
            ordered = tensor if kind == "lstm" else swap_gates(tensor)
            weights[f"units.{part}_l{index}"] = ordered.contiguous()
    weight, bias = map(torch.from_numpy, last.weights)
    return fill(network, weights | {"head.weight": weight[0].T.contiguous(), "head.bias": bias})


def _linear(layer: Layer, name: str) -> StreamingNetwork:
    bias = bool(layer.weights[1].any())
    taps = (len(layer.weights[0]) - 1) * layer.dilation + 1
    network = blank_network({"type": "Linear", "name": name, "taps": taps, "bias": bias})
    spread = np.zeros((taps, 1, 1), np.float32)
    spread[:: layer.dilation] = layer.weights[0]
    weights = _conv_weights(Layer("conv1d", [spread, layer.weights[1]], 1), 0)
    return fill(network, weights if bias else {key: weights[key] for key in weights if "bias" not in key})


def _conv_net(inner: Sequence[Layer], last: Layer, name: str) -> StreamingNetwork:
    channels, activation = inner[0].outputs, inner[0].activation
    if any(layer.outputs != channels for layer in inner):
        raise InputError("convolutions of different widths cannot be played")
    if activation is None or any(layer.activation != activation for layer in inner):
        raise InputError("convolutions cannot be played without one activation that all but the last have")
    sizes = {"channels": channels, "activation": activation, "dilations": [la.dilation for la in inner]}
    kernels = [len(layer.weights[0]) for layer in inner]
    network = blank_network({"type": "ConvNet", "name": name, **sizes, "kernel_size": kernels})
    weights: dict[str, torch.Tensor] = {}
    for index, layer in enumerate([*inner, last]):
        weights |= _conv_weights(layer, index)
        if layer.slopes is not None:
            weights[f"activations.{index}.slopes"] = torch.from_numpy(layer.slopes)
    return fill(network, weights)


def _conv_weights(layer: Layer, index: int) -> dict[str, torch.Tensor]:
    weight, bias = map(torch.from_numpy, layer.weights)
    at = f"convolutions.{index}"
    return {f"{at}.weight": weight.permute(2, 1, 0).contiguous(), f"{at}.bias": bias}
