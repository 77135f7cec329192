"""What RTNeural computes from one of its files: layer by layer and sample by sample, from zeros, in NumPy."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


ACTIVATIONS = {"": lambda x: x, "tanh": np.tanh, "relu": lambda x: np.maximum(x, 0), "sigmoid": sigmoid}


def run(content: dict, x: Array) -> Array:
    """`(samples,)` to `(samples,)`."""
    signal = np.asarray(x, np.float64)[:, None]
    assert content["in_shape"][-1] == 1
    for layer in content["layers"]:
        weights = [np.array(w, np.float64) for w in layer["weights"]] if layer.get("weights") else []
        signal = LAYERS[layer["type"]](signal, weights, layer)
        assert signal.shape[1] == layer["shape"][-1]
        if layer["type"] not in ("lstm", "gru"):
            signal = ACTIVATIONS[layer.get("activation") or ""](signal)
    return signal[:, 0]


def dense(x: Array, weights: list[Array], layer: dict) -> Array:
    return x @ weights[0] + weights[1]


def conv1d(x: Array, weights: list[Array], layer: dict) -> Array:
    taps, (dilation,) = len(weights[0]), layer["dilation"]
    assert layer["kernel_size"] == [taps]
    y = np.tile(weights[1], (len(x), 1))
    for n in range(len(x)):
        for tap in range(taps):
            past = n - (taps - 1 - tap) * dilation  # the last tap is the current sample
            if past >= 0:
                y[n] += x[past] @ weights[0][tap]
    return y


def lstm(x: Array, weights: list[Array], layer: dict) -> Array:
    kernel, recurrent, bias = weights
    h = c = np.zeros(len(recurrent))
    out = []
    for sample in x:
        i, f, g, o = np.split(sample @ kernel + h @ recurrent + bias, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        out.append(h)
    return np.array(out)


def gru(x: Array, weights: list[Array], layer: dict) -> Array:
    kernel, recurrent, (input_bias, recurrent_bias) = weights
    h = np.zeros(len(recurrent))
    out = []
    for sample in x:
        xz, xr, xc = np.split(sample @ kernel + input_bias, 3)
        hz, hr, hc = np.split(h @ recurrent + recurrent_bias, 3)
        z = sigmoid(xz + hz)
        h = (1 - z) * np.tanh(xc + sigmoid(xr + hr) * hc) + z * h
        out.append(h)
    return np.array(out)


def prelu(x: Array, weights: list[Array], layer: dict) -> Array:
    return np.where(x >= 0, x, x * weights[0][0])


def batchnorm(x: Array, weights: list[Array], layer: dict) -> Array:
    gamma, beta = weights[:2] if len(weights) == 4 else (1, 0)
    mean, variance = weights[-2:]
    return gamma * (x - mean) / np.sqrt(variance + layer["epsilon"]) + beta


LAYERS = {
    "dense": dense,
    "time-distributed-dense": dense,
    "conv1d": conv1d,
    "lstm": lstm,
    "gru": gru,
    "prelu": prelu,
    "batchnorm": batchnorm,
    "activation": lambda x, weights, layer: x,
}
