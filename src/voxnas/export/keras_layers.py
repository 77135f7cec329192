"""The layers that RTNeural's files are made of: a network taken apart into them, as plain JSON values.

Each is an object of `type`, `activation`, `shape` (its last entry is the number of outputs) and `weights`
in Keras's layout. Gates of an LSTM lie in the order i, f, c, o, of a GRU z, r, c; a convolution's last tap
is the current sample.
"""

from functools import singledispatch
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from voxnas.export.files import CannotHold
from voxnas.kernels.activations import Spec, name_of, parameters_of
from voxnas.models.activations import PReLU
from voxnas.models.base import StreamingNetwork
from voxnas.models.conv import CausalConv
from voxnas.models.conv_net import ConvNet, Linear
from voxnas.models.recurrent import Recurrent

# RTNeural's names for what is not a layer of its own
ACTIVATIONS = {"Tanh": "tanh", "ReLU": "relu", "Sigmoid": "sigmoid"}

LayerJson = dict[str, Any]


@singledispatch
def to_layers(network: StreamingNetwork) -> list[LayerJson]:
    """The layers in the order in which they run.

    A skip from input to output is none of them, and neither is the state that a recurrent network starts
    from: players start it from zeros.

    Raises:
        CannotHold: by name of the reason, a network that is no plain chain, or an activation not known there.
    """
    raise CannotHold(f"RTNeural runs layers one after the other, and has no {_unsupported_part(network)}")


def _unsupported_part(network: StreamingNetwork) -> str:
    if type(network).__name__ == "WaveNet":
        return "residual, skip or gate as a WaveNet needs"
    return f"{type(network).__name__} layer"


@to_layers.register
def _(network: Recurrent) -> list[LayerJson]:
    kind = type(network).__name__.lower()
    weights = _lstm_weights if kind == "lstm" else _gru_weights
    layers = [
        _layer(kind, network.hidden_size, weights(network.units, index))
        for index in range(network.num_layers)
    ]
    return [*layers, _dense(network.head.weight, network.head.bias)]


@to_layers.register
def _(network: ConvNet) -> list[LayerJson]:
    layers: list[LayerJson] = []
    *convolutions, head = network.convolutions
    for convolution, activation in zip(convolutions, network.activations, strict=True):
        assert isinstance(convolution, CausalConv)
        known = ACTIVATIONS.get(name_of(network.activation), "")
        layers.append(_conv1d(convolution, known))
        if not known:
            slopes = _slopes(network.activation, activation, network.channels)
            layers.append(_layer("prelu", network.channels, [[slopes]]))
    assert isinstance(head, CausalConv)
    return [*layers, _dense(head.weight[..., 0], head.bias)]


@to_layers.register
def _(network: Linear) -> list[LayerJson]:
    convolution = network.convolutions[0]
    assert isinstance(convolution, CausalConv)
    return [_conv1d(convolution)]


def _layer(kind: str, outputs: int, weights: list[Any], activation: str = "", **further: Any) -> LayerJson:
    return {
        "type": kind,
        "activation": activation,
        "shape": [None, None, outputs],
        **further,
        "weights": weights,
    }


def _dense(weight: Tensor, bias: Tensor | None) -> LayerJson:
    return _layer("dense", len(weight), [_lists(weight.T), _bias(bias, len(weight))])


def _conv1d(convolution: CausalConv, activation: str = "") -> LayerJson:
    weight = convolution.weight  # (out, in, taps)
    sizes = {"kernel_size": [weight.shape[2]], "dilation": [convolution.dilation], "groups": 1}
    weights = [_lists(weight.permute(2, 1, 0)), _bias(convolution.bias, len(weight))]
    return _layer("conv1d", len(weight), weights, activation, **sizes)


def _lstm_weights(units: nn.Module, index: int) -> list[Any]:
    inputs, hidden, input_bias, hidden_bias = _of_layer(units, index)
    return [_lists(inputs.T), _lists(hidden.T), _lists(input_bias + hidden_bias)]


def _gru_weights(units: nn.Module, index: int) -> list[Any]:
    inputs, hidden, input_bias, hidden_bias = map(swap_gates, _of_layer(units, index))
    return [_lists(inputs.T), _lists(hidden.T), [_lists(input_bias), _lists(hidden_bias)]]


def swap_gates(gates: Tensor) -> Tensor:
    """A GRU's rows r, z, n in the order z, r, n, and the other way round."""
    reset, update, new = gates.chunk(3)
    return torch.cat([update, reset, new])


def _of_layer(units: nn.Module, index: int) -> list[Tensor]:
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return [getattr(units, f"{name}_l{index}") for name in names]


def _slopes(spec: Spec, activation: nn.Module, channels: int) -> list[float]:
    """Slopes below zero, for a layer `prelu`."""
    if isinstance(activation, PReLU):
        return _lists(activation.slopes)
    if name_of(spec) == "LeakyReLU":
        return [parameters_of(spec)["negative_slope"]] * channels
    raise CannotHold(
        f"RTNeural has no activation {name_of(spec)}; it has {', '.join(ACTIVATIONS)}, PReLU and LeakyReLU"
    )


def _bias(bias: Tensor | None, outputs: int) -> list[float]:
    return np.zeros(outputs).tolist() if bias is None else _lists(bias)


def _lists(tensor: Tensor) -> Any:
    return tensor.detach().cpu().float().tolist()
