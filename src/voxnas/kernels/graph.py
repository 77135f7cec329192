"""Programs: networks as lists of steps, for native code to play what is no WaveNet, LSTM or chain.

Signals are numbered: 0 is the network's input, n the result of step n - 1; the last step's result is the
output. A signal of rate r has one sample for every r samples of the input: its sample n stands at the input's
sample r·n, counted from the last reset, and depends on nothing later. So all is causal, blocks of any length
join, and a network with rates above 1 repeats its phase every so many samples.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from voxnas.kernels.activations import Spec

Kind = Literal[
    "conv",
    "avg_pool",
    "max_pool",
    "add",
    "concat",
    "upsample",
    "activation",
    "multiply",
    "film",
    "norm",
    "state_update",
    "diagonal",
    "attention",
    "select",
]
NORM_FLOOR = 1e-5  # added to a variance


class Layer(NamedTuple):
    """Dense layer: float32 weight `(outputs, inputs)` and bias `(outputs,)`; of a select one per range.

    Arrays, or a network's own tensors, as in a `Step`.
    """

    weight: Any
    bias: Any


@dataclass(frozen=True, eq=False)
class Step:
    """Step of a program: an operation on one or more signals.

    conv: `y[n] = bias + Σ_j weight[:, :, j] x[stride·n - (kernel_size - 1 - j)·dilation]`, then ReLU if asked
    for; a stride of 2 doubles the rate. avg_pool, max_pool: mean and maximum over the same samples, stride 1
    or 2. add, concat: of signals of one rate, in the order given. upsample: halves the rate,
    `y[2n + p] = bias + Σ_j weight[p, :, :, j] x[n - (kernel_size - 1 - j)]` for p = 0, 1. activation: each
    sample by itself; a PReLU's slopes below zero are its weight.

    multiply: of two signals of one rate, channel by channel. film: `y = (1 + weight[0] c) x + weight[1]
    c` for the controls c, channel by channel; the same controls in all of a program. norm: each sample
    less its mean over the channels, over the root of their variance and `NORM_FLOOR`, times the weight,
    plus the bias. state_update: `s[n] = s[n-1] + layers([x[n], s[n-1]])`, with the activation between the
    layers; the result is s, at rate 1. diagonal: `h[n] = modes · h[n-1] + x[n]` for complex numbers, real
    parts in the first half of the channels. attention: of an input with queries, keys and values in as
    many channels each, for each of the `heads`, the mean of the values of the last `kernel_size` samples,
    `dilation` apart, weighted by e to the product of query and key; keys and values of age j first have
    `weight[0][:, j]` and `weight[1][:, j]` added. select: of two signals, the first through the layers of
    the range of `bounds` that the second, of one channel, is in, with the activation between them; each
    layer's first index is the range, and the first layer sees the last `kernel_size` samples, the current
    one's channels first. Over a width of `blend` around a bound its two ranges go over into each other; a
    value on a bound is below it.

    Weight, bias and modes are arrays, or a network's own tensors: then it can be trained by its program. In
    training a diagonal begins with its input's first sample, after a state that it is given; played, it
    begins with what silence has left behind.
    """

    kind: Kind
    inputs: tuple[int, ...]
    channels: int  # of the result
    rate: int  # of the result
    kernel_size: int = 1
    dilation: int = 1  # in samples of the first input's rate
    stride: int = 1
    relu: bool = False
    # float32, (channels, inputs, kernel); upsample: (2, …); PReLU: (channels,); film: (2, channels, k)
    weight: Any = None
    bias: Any = None  # float32, (channels,); None is zero
    activation: Spec | None = None  # of an activation: its name, or {"type": name, parameter: value}
    layers: tuple[Layer, ...] = ()  # of a state_update and a select
    modes: Any = None  # of a diagonal, complex128 (channels / 2,), within the unit circle
    state: Any = None  # of a diagonal that is trained, (channels,): before its first sample
    heads: int = 1  # of an attention
    bounds: NDArray[np.float32] | None = None  # of a select, ascending, one fewer than ranges
    blend: float = 0.0  # of a select, in units of the second signal


def in_arrays(steps: Sequence[Step]) -> list[Step]:
    """The steps with arrays in the place of tensors, as they are played."""
    return [_in_arrays(step) for step in steps]


def without_films(steps: Sequence[Step]) -> list[Step]:
    """The steps but for films, as if controls did nothing."""
    found: list[Step] = []
    place = [0]  # of each signal among those that are left
    for step in steps:
        if step.kind == "film":
            place.append(place[step.inputs[0]])
            continue
        found.append(replace(step, inputs=tuple(place[number] for number in step.inputs)))
        place.append(len(found))
    return found


def _in_arrays(step: Step) -> Step:
    layers = tuple(Layer(_array(layer.weight), _array(layer.bias)) for layer in step.layers)
    modes = step.modes.detach().cpu().numpy() if isinstance(step.modes, Tensor) else step.modes
    return replace(step, weight=_array(step.weight), bias=_array(step.bias), layers=layers, modes=modes)


def _array(given: Any) -> Any:
    return given.detach().cpu().float().numpy() if isinstance(given, Tensor) else given
