"""The layers of an RTNeural file, each checked for its sizes before any of its weights is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voxnas.export.keras_layers import ACTIVATIONS
from voxnas.export.weights import read_numbers
from voxnas.utils.errors import InputError

MAX_LAYERS, MAX_SIZE, MAX_INPUTS = 256, 2**18, 32
GATES = {"lstm": 4, "gru": 3}

_DENSE = ("dense", "time-distributed-dense")
_KNOWN = (*GATES, *_DENSE, "conv1d", "prelu", "batchnorm", "activation")
_NAMES = {theirs: ours for ours, theirs in ACTIVATIONS.items()}


@dataclass
class Layer:
    """Layer with weights: `kind` is lstm, gru or conv1d, which a dense layer is too, of one tap.

    `weights` lie as in the file; `activation` has our name for it, None for none; `slopes` are PReLU's.
    """

    kind: str
    weights: list[NDArray[np.float32]]
    outputs: int
    dilation: int = 1
    activation: str | None = None
    slopes: NDArray[np.float32] | None = None


def read_layers(content: Mapping[str, Any]) -> list[Layer]:
    """Layers that the keys `in_shape` and `layers` of a file describe.

    Raises:
        InputError: naming the key that is missing, malformed or of a kind that we cannot play.
    """
    inputs = _last(content.get("in_shape"), "in_shape")
    if inputs > MAX_INPUTS:
        raise InputError(f"in_shape has {inputs} inputs, {MAX_INPUTS} at most")
    described = content.get("layers")
    if not isinstance(described, list) or not 1 <= len(described) <= MAX_LAYERS:
        raise InputError(f"layers is not a list of 1 to {MAX_LAYERS} layers")
    layers: list[Layer] = []
    for index, layer in enumerate(described):
        _read_layer(layer, layers, f"layers[{index}]", inputs)
    if not layers or layers[-1].outputs != 1:
        raise InputError("layers do not end with one output")
    return layers


def _read_layer(layer: Any, layers: list[Layer], at: str, first_inputs: int) -> None:
    """Appends a layer with weights of its own; works the others into the one before them."""
    if not isinstance(layer, dict):
        raise InputError(f"{at} is not an object")
    kind = layer.get("type")
    if kind not in _KNOWN:
        raise InputError(f"{at}.type {str(kind)[:40]!r} cannot be played; known are {', '.join(_KNOWN)}")
    inputs = layers[-1].outputs if layers else first_inputs
    outputs = _last(layer.get("shape"), f"{at}.shape")
    if kind in GATES:
        layers.append(_read_recurrent(layer, str(kind), inputs, outputs, at))
    elif kind == "conv1d" or kind in _DENSE:
        layers.append(_read_convolution(layer, kind == "conv1d", inputs, outputs, at))
    else:
        if not layers or layers[-1].kind != "conv1d" or layers[-1].activation is not None:
            raise InputError(f"{at} is a {kind} layer that does not follow a plain dense or conv1d layer")
        if outputs != inputs:
            raise InputError(f"{at}.shape says {outputs} outputs for {inputs} inputs")
        _work_in(layer, str(kind), layers[-1], at)


def _read_recurrent(layer: dict[str, Any], kind: str, inputs: int, outputs: int, at: str) -> Layer:
    if layer.get("activation") not in (None, "", "tanh"):  # within the cell it is tanh whatever is said here
        raise InputError(f"{at}.activation {str(layer['activation'])[:40]!r} cannot be played in a {kind}")
    rows = GATES[kind] * outputs
    bias = (rows,) if kind == "lstm" else (2, rows)
    return Layer(kind, _read_weights(layer, [(inputs, rows), (outputs, rows), bias], at), outputs)


def _read_convolution(layer: dict[str, Any], is_conv1d: bool, inputs: int, outputs: int, at: str) -> Layer:
    taps = dilation = 1
    if is_conv1d:
        taps = _last(layer.get("kernel_size"), f"{at}.kernel_size")
        dilation = _last(layer.get("dilation"), f"{at}.dilation")
        for key in ("groups", "strides"):
            if layer.get(key, 1) not in (1, [1]):
                raise InputError(f"{at}.{key} other than 1 cannot be played")
    kernel = (taps, inputs, outputs) if is_conv1d else (inputs, outputs)
    weight, bias = _read_weights(layer, [kernel, (outputs,)], at)
    weights = [weight.reshape(taps, inputs, outputs), bias]
    return Layer("conv1d", weights, outputs, dilation, _activation(layer, at))


def _work_in(layer: dict[str, Any], kind: str, before: Layer, at: str) -> None:
    if kind == "activation":
        before.activation = _activation(layer, at)
    elif kind == "prelu":
        before.activation, before.slopes = "PReLU", _read_slopes(layer, before.outputs, at)
    else:
        _fold_batch_norm(layer, before, at)


def _read_slopes(layer: dict[str, Any], outputs: int, at: str) -> NDArray[np.float32]:
    """Slopes, one per channel or one for all."""
    weights = layer.get("weights")
    try:
        count = len(weights[0][0])  # type: ignore[index]
    except (TypeError, IndexError, KeyError):
        count = outputs  # which is then found not to be so
    shape = (1, 1, 1 if count == 1 else outputs)
    return np.broadcast_to(read_numbers(weights, shape, f"{at}.weights").reshape(-1), outputs).copy()


def _fold_batch_norm(layer: dict[str, Any], before: Layer, at: str) -> None:
    weights = layer.get("weights")
    count = 2 if isinstance(weights, list) and len(weights) == 2 else 4
    read = read_numbers(weights, (count, before.outputs), f"{at}.weights").astype(np.float64)
    gamma, beta = (read[0], read[1]) if count == 4 else (1.0, 0.0)
    mean, variance = read[-2], read[-1]
    variance = variance + float(read_numbers(layer.get("epsilon"), (), f"{at}.epsilon"))
    if not (variance > 0).all():
        raise InputError(f"{at}.weights hold a variance that is not positive")
    factor = gamma / np.sqrt(variance)
    weight, bias = before.weights
    with np.errstate(over="ignore"):  # what is infinite now will not fill a network
        shifted = (bias - mean) * factor + beta
        before.weights = [(weight * factor).astype(np.float32), shifted.astype(np.float32)]


def _read_weights(layer: dict[str, Any], shapes: list[Any], at: str) -> list[NDArray[np.float32]]:
    weights = layer.get("weights")
    if not isinstance(weights, list) or len(weights) != len(shapes):
        raise InputError(f"{at}.weights is not a list of {len(shapes)} arrays")
    return [
        read_numbers(values, shape, f"{at}.weights[{i}]")
        for i, (values, shape) in enumerate(zip(weights, shapes, strict=True))
    ]


def _activation(layer: dict[str, Any], at: str) -> str | None:
    name = layer.get("activation")
    if name in (None, "", "linear"):
        return None
    if not isinstance(name, str) or name not in _NAMES:
        known = ", ".join(_NAMES)
        raise InputError(f"{at}.activation {str(name)[:40]!r} cannot be played; known are {known}")
    return _NAMES[name]


def _last(shape: Any, at: str) -> int:
    """The last entry of a list of sizes."""
    size = shape[-1] if isinstance(shape, list) and shape else shape
    if type(size) is not int or not 1 <= size <= MAX_SIZE:
        raise InputError(f"{at} does not end with a whole number from 1 to {MAX_SIZE}: {str(shape)[:40]}")
    return size
