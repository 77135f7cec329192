"""Programs: networks as lists of steps, for native code to play what is no WaveNet, LSTM or chain.

Signals are numbered: 0 is the network's input, n the result of step n - 1; the last step's result is the
output. A signal of rate r has one sample for every r samples of the input: its sample n stands at the input's
sample r·n, counted from the last reset, and depends on nothing later. So all is causal, blocks of any length
join, and a network with rates above 1 repeats its phase every so many samples.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from voxnas.kernels.activations import Spec

Kind = Literal["conv", "avg_pool", "max_pool", "add", "concat", "upsample", "activation"]


@dataclass(frozen=True, eq=False)
class Step:
    """Step of a program: an operation on one or more signals.

    conv: `y[n] = bias + Σ_j weight[:, :, j] x[stride·n - (kernel_size - 1 - j)·dilation]`, then ReLU if asked
    for; a stride of 2 doubles the rate. avg_pool, max_pool: mean and maximum over the same samples, stride 1
    or 2. add, concat: of signals of one rate, in the order given. upsample: halves the rate,
    `y[2n + p] = bias + Σ_j weight[p, :, :, j] x[n - (kernel_size - 1 - j)]` for p = 0, 1. activation: each
    sample by itself; a PReLU's slopes below zero are its weight.
    """

    kind: Kind
    inputs: tuple[int, ...]
    channels: int  # of the result
    rate: int  # of the result
    kernel_size: int = 1
    dilation: int = 1  # in samples of the first input's rate
    stride: int = 1
    relu: bool = False
    weight: np.ndarray | None = (
        None  # float32, (channels, inputs, kernel); upsample: (2, …); PReLU: (channels,)
    )
    bias: np.ndarray | None = None  # float32, (channels,); None is zero
    activation: Spec | None = None  # of an activation: its name, or {"type": name, parameter: value}
