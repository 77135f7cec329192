"""Steps of a program that keep a state or room of their own, as native code takes them."""

import numpy as np
from numpy.typing import NDArray

from voxnas.kernels.activations import PLAYED, as_integers
from voxnas.kernels.graph import Layer, Step

MOST_POWERS = 16  # of a mode; see steps.h
PADDING = 16  # units of a dense layer lie in rows of a multiple

Array = NDArray[np.float32]


def part_numbers(step: Step) -> list[int]:
    """Whole numbers that a part is made of, in the order that its class says."""
    if step.kind == "attention":
        return [step.heads, step.kernel_size, step.dilation]
    if not step.layers:
        return []
    assert step.activation is not None
    widths = [layer.bias.shape[-1] for layer in step.layers]
    activation = as_integers(step.activation, PLAYED)
    if step.kind == "state_update":
        return [*activation, len(widths), *widths]
    assert step.bounds is not None
    return [*activation, step.kernel_size, len(step.bounds) + 1, len(widths), *widths]


def part_weights(step: Step) -> Array:
    """Weights of a part, flat, in the order that its class says."""
    match step.kind:
        case "norm" | "attention":
            parts = [part.ravel() for part in (step.weight, step.bias) if part is not None]
        case "diagonal":
            assert step.modes is not None
            parts = [powers_of(step.modes)]
        case "state_update":
            parts = [_padded(layer) for layer in step.layers]
        case "select":
            assert step.bounds is not None
            parts = [step.bounds, np.array([1 / step.blend if step.blend else 0])]
            parts += [_of_range(layer, r) for r in range(len(step.bounds) + 1) for layer in step.layers]
        case _:
            parts = []
    return np.concatenate([np.zeros(0), *parts]).astype(np.float32)


def powers_of(modes: NDArray[np.complex128]) -> NDArray[np.float64]:
    """Per mode λ^k - 1 for k = 1 …, real parts and then imaginary ones.

    Less 1, by the logarithm, since of slow modes float32 would round away what is left.
    """
    exponents = np.outer(np.log(np.where(modes == 0, 1e-300, modes)), np.arange(1, MOST_POWERS + 1))
    powers = np.expm1(exponents)
    return np.stack([powers.real, powers.imag], axis=1).ravel()


def _padded(layer: Layer) -> Array:
    """The biases, then a row for each input."""
    rows = np.concatenate([layer.bias[None], layer.weight.T])
    return np.pad(rows, ((0, 0), (0, -rows.shape[1] % PADDING))).ravel()


def _of_range(layer: Layer, index: int) -> Array:
    """`[input][output]`, then the biases."""
    return np.concatenate([layer.weight[index].T.ravel(), layer.bias[index]])
