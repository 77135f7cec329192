"""Parts of a C++ header that all architectures share: numbers in the order in which the runtime reads."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from voxnas.kernels.activations import Spec, parameters_of
from voxnas.models.activations import PReLU
from voxnas.models.base import State
from voxnas.models.conv import CausalConv

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Parts:
    """A network in C++: its type, the files of runtime/ that this needs, and its numbers.

    `silence` is the state that endless silence leaves behind, `state_floats` about how many numbers the
    state takes in memory.
    """

    type: str
    runtime: tuple[str, ...]
    weights: NDArray[np.float32]
    silence: NDArray[np.float32]
    state_floats: int


def join(parts: Iterable[Array]) -> NDArray[np.float32]:
    """Numbers of the parts in a row, rounded to float32."""
    return np.concatenate([np.zeros(0), *(part.ravel() for part in parts)]).astype(np.float32)


def numbers(tensor: Tensor) -> Array:
    """Values of a tensor in float64, to be worked on without loss."""
    return tensor.detach().cpu().double().numpy()


def taps(convolution: CausalConv) -> Array:
    """Weight of a convolution as `[group][tap][input][output]`, the current sample's tap first."""
    weight = numbers(convolution.weight)
    outputs, inputs, kernel = weight.shape
    groups = convolution.groups
    grouped = weight.reshape(groups, outputs // groups, inputs, kernel)[..., ::-1]
    return grouped.transpose(0, 3, 2, 1).ravel()


def bias(convolution: CausalConv) -> Array:
    """Bias of a convolution, empty if it has none."""
    return numbers(convolution.bias) if convolution.bias is not None else np.zeros(0)


def activation_numbers(spec: Spec, module: object) -> Array:
    """Constants or slopes that the runtime's struct of the activation's name takes."""
    if isinstance(module, PReLU):
        return numbers(module.slopes)
    return np.array(list(parameters_of(spec).values()))


def settled(state: State) -> NDArray[np.float32]:
    """One sample per channel of pasts `(1, channels, 1, samples)` whose samples are all equal."""
    return join(numbers(past[0, :, 0, -1]) for past in state if past.shape[-1])


def history_floats(channels: int, past_samples: int) -> int:
    """Approximate size of the runtime's History of so many channels."""
    past = -(-past_samples // 16) * 16
    return channels * (past + max(past, 4 * 128) if past else 128)
