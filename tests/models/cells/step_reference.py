"""Plays steps as their definition says it, one sample after the other in float64."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from voxnas.kernels.graph import Step

Signal = NDArray[np.float64]


def play_steps(steps: Sequence[Step], x: Signal) -> Signal:
    """`(samples,)` to as many, if all of the past were zeros within the network too."""
    signals: list[tuple[int, Signal]] = [(1, x[None].astype(np.float64))]
    for step in steps:
        sources = [signals[number] for number in step.inputs]
        assert len({rate for rate, _ in sources}) == 1
        count = -(-len(x) // step.rate)
        if step.kind == "add":
            y = np.sum([source for _, source in sources], axis=0)
        elif step.kind == "concat":
            y = np.concatenate([source for _, source in sources])
        else:
            y = np.stack([_sample(step, sources[0][1], n) for n in range(count)], axis=1)
        assert y.shape == (step.channels, count)
        signals.append((step.rate, y))
    return signals[-1][1][0]


def _sample(step: Step, x: Signal, n: int) -> Signal:
    def tap(j: int, at: int) -> Signal:
        index = at - (step.kernel_size - 1 - j) * step.dilation
        return x[:, index] if index >= 0 else np.zeros(len(x))

    newest = n // 2 if step.kind == "upsample" else step.stride * n
    taps = np.stack([tap(j, newest) for j in range(step.kernel_size)], axis=1)
    if step.kind == "avg_pool":
        return taps.mean(axis=1)
    if step.kind == "max_pool":
        return taps.max(axis=1)
    assert step.weight is not None
    weight = step.weight[n % 2] if step.kind == "upsample" else step.weight
    y = np.einsum("oik,ik->o", weight.astype(np.float64), taps)
    y = y + (0 if step.bias is None else step.bias)
    return np.maximum(y, 0) if step.relu else y
