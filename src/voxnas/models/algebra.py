"""Computations that are said once: played by PyTorch, told as a program of steps, measured for their reach.

A network writes what it computes as calls of an `Algebra` and need not know what its signals are.
"""

from collections.abc import Iterator
from typing import Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from voxnas.kernels.graph import Step
from voxnas.models.activations import PReLU, Spec
from voxnas.models.conv import CausalConv
from voxnas.models.pointwise import values

S = TypeVar("S")


class Algebra(Protocol[S]):
    """Operations on causal signals of one rate; the result of each ends with the latest sample."""

    def convolve(self, convolution: CausalConv, x: S, parts: int = 1, factor: float = 1.0) -> list[S]:
        """`factor` times the convolution, its channels shared out among `parts` signals."""

    def activate(self, activation: nn.Module, spec: Spec, x: S) -> S: ...
    def add(self, a: S, b: S) -> S: ...
    def subtract(self, a: S, b: S) -> S: ...
    def multiply(self, a: S, b: S) -> S: ...


class Reach:
    """Algebra whose signals are the samples that they look back; `with_past` collects what keeps a past."""

    def __init__(self) -> None:
        self.with_past: list[CausalConv] = []

    def convolve(self, convolution: CausalConv, x: int, parts: int = 1, factor: float = 1.0) -> list[int]:
        if convolution.past_samples:
            self.with_past.append(convolution)
        return [x + convolution.past_samples] * parts

    def activate(self, activation: nn.Module, spec: Spec, x: int) -> int:
        return x

    def add(self, a: int, b: int) -> int:
        return max(a, b)

    subtract = multiply = add


class Played:
    """Algebra of tensors `(batch, channels, 1, samples)`.

    `pasts` are those of `Reach.with_past`, in that order, and `after` becomes those of the next block;
    without pasts each convolution takes what it needs from the front.
    """

    def __init__(self, pasts: Iterator[Tensor] | None = None) -> None:
        self._pasts = pasts
        self.after: list[Tensor] = []

    def convolve(
        self, convolution: CausalConv, x: Tensor, parts: int = 1, factor: float = 1.0
    ) -> list[Tensor]:
        keeps = bool(convolution.past_samples)
        y, after = convolution.with_past(x, next(self._pasts) if keeps and self._pasts else None)
        if keeps:
            self.after.append(after)
        return list((y if factor == 1 else factor * y).chunk(parts, dim=1))

    def activate(self, activation: nn.Module, spec: Spec, x: Tensor) -> Tensor:
        y: Tensor = activation(x)
        return y

    def add(self, a: Tensor, b: Tensor) -> Tensor:
        a, b = _latest(a, b)
        return a + b

    def subtract(self, a: Tensor, b: Tensor) -> Tensor:
        a, b = _latest(a, b)
        return a - b

    def multiply(self, a: Tensor, b: Tensor) -> Tensor:
        a, b = _latest(a, b)
        return a * b


class Told:
    """Algebra whose signals are the numbers that a program, `steps`, gives them; 0 is the input."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def convolve(self, convolution: CausalConv, x: int, parts: int = 1, factor: float = 1.0) -> list[int]:
        weight = np.float32(factor) * _dense(convolution)
        bias = None if convolution.bias is None else np.float32(factor) * values(convolution.bias)
        biases = [None] * parts if bias is None else np.split(bias, parts)
        kernel, dilation = weight.shape[2], convolution.dilation
        return [
            self._step(Step("conv", (x,), len(w), 1, kernel, dilation, weight=w, bias=b))
            for w, b in zip(np.split(weight, parts), biases, strict=True)
        ]

    def activate(self, activation: nn.Module, spec: Spec, x: int) -> int:
        slopes = values(activation.slopes) if isinstance(activation, PReLU) else None
        return self._step(Step("activation", (x,), self._channels(x), 1, weight=slopes, activation=spec))

    def add(self, a: int, b: int) -> int:
        return self._step(Step("add", (a, b), self._channels(a), 1))

    def subtract(self, a: int, b: int) -> int:
        minus = -np.eye(self._channels(b), dtype=np.float32)[..., None]
        return self.add(a, self._step(Step("conv", (b,), len(minus), 1, weight=minus)))

    def multiply(self, a: int, b: int) -> int:
        return self._step(Step("multiply", (a, b), self._channels(a), 1))

    def _channels(self, signal: int) -> int:
        return self.steps[signal - 1].channels if signal else 1

    def _step(self, step: Step) -> int:
        self.steps.append(step)
        return len(self.steps)


def _latest(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Both where both have samples: they end together, and the longer starts earlier."""
    length = min(a.shape[-1], b.shape[-1])
    return a[..., a.shape[-1] - length :], b[..., b.shape[-1] - length :]


def _dense(convolution: CausalConv) -> np.ndarray:
    """Weight `(outputs, inputs, kernel)`, zero between groups: a step has none."""
    weight, groups = convolution.weight.detach(), convolution.groups
    rows, inputs, kernel = weight.shape
    dense = weight.new_zeros(rows, groups, inputs, kernel)
    group = torch.arange(rows, device=weight.device) // (rows // groups)
    dense[torch.arange(rows, device=weight.device), group] = weight
    return values(dense.flatten(1, 2))
