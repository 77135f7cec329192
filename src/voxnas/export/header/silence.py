"""What endless silence leaves of a program: a value for each signal, and the states of recurrences."""

from collections.abc import Sequence

import numpy as np
import torch

from voxnas.export.header.parts import Array
from voxnas.kernels.graph import NORM_FLOOR, Layer, Step
from voxnas.models.activations import activation

MOST_SAMPLES = 48_000  # that a recurrence is given to settle


def silence_of(steps: Sequence[Step]) -> tuple[list[Array], list[Array]]:
    """Of each signal the value of each channel, from the input on; then the states in the steps' order."""
    values: list[Array] = [np.zeros(1)]
    states: list[Array] = []
    for step in steps:
        value = _value(step, [values[number] for number in step.inputs])
        values.append(value)
        if step.kind == "state_update":
            states.append(value)
        elif step.kind == "diagonal":  # mode by mode, as the runtime has them
            states.append(value.reshape(2, -1).T.ravel())
    return values, states


def _value(step: Step, x: Sequence[Array]) -> Array:
    match step.kind:
        case "conv":
            assert step.weight is not None
            bias = np.zeros(step.channels) if step.bias is None else step.bias.astype(float)
            return step.weight.astype(float).sum(axis=2) @ x[0] + bias
        case "activation":
            return _activated(step, x[0])
        case "multiply":
            return x[0] * x[1]
        case "norm":
            assert step.weight is not None
            assert step.bias is not None
            return (x[0] - x[0].mean()) / np.sqrt(x[0].var() + NORM_FLOOR) * step.weight + step.bias
        case "diagonal":
            assert step.modes is not None
            real, imag = np.split(x[0], 2)
            settled = (real + 1j * imag) / (1 - step.modes)
            return np.concatenate([settled.real, settled.imag])
        case "attention":
            return _attended(step, x[0])
        case "state_update":
            return _settled(step, x[0])
        case "select":
            return _selected(step, x[0], float(x[1][0]))
        case _:
            total: Array = np.sum(x, axis=0)
            return total


def _activated(step: Step, x: Array) -> Array:
    assert step.activation is not None
    if step.weight is not None:
        return np.where(x > 0, x, x * step.weight)
    found: Array = activation(step.activation, step.channels)(torch.from_numpy(x)).numpy()
    return found


def _through(step: Step, layers: Sequence[Layer], x: Array) -> Array:
    for index, layer in enumerate(layers):
        x = layer.weight.astype(float) @ (_activated(step, x) if index else x) + layer.bias
    return x


def _settled(step: Step, x: Array) -> Array:
    """Runs it until nothing but rounding changes, as the streams do."""
    state = np.zeros(step.channels)
    for _ in range(MOST_SAMPLES):
        change = _through(step, step.layers, np.concatenate([x, state]))
        state = state + change
        if np.abs(change).max() <= 1e-12:
            break
    return state


def _attended(step: Step, x: Array) -> Array:
    assert step.weight is not None
    query, key, value = (part.reshape(step.heads, -1, 1) for part in np.split(x, 3))
    key, value = (
        part + step.weight[index].astype(float).reshape(step.heads, -1, step.kernel_size)
        for index, part in enumerate((key, value))
    )
    scores = (query * key).sum(1, keepdims=True)
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    mean: Array = (value * shares / shares.sum(-1, keepdims=True)).sum(-1).ravel()
    return mean


def _selected(step: Step, x: Array, by: float) -> Array:
    """As the runtime's `members` shares a sample between ranges."""
    assert step.bounds is not None
    ways = [
        float(np.clip((by - b) / step.blend + 0.5, 0, 1)) if step.blend else float(by > b)
        for b in step.bounds
    ]
    seen, total = np.tile(x, step.kernel_size), np.zeros(step.channels)
    for index, share in enumerate(-np.diff([1.0, *ways, 0.0])):
        if share > 0:
            own = [Layer(layer.weight[index], layer.bias[index]) for layer in step.layers]
            total = total + share * _through(step, own, seen)
    return total
