"""A linear map of channels, sample by sample, and how it and other parts are told to native code."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from voxnas.kernels.graph import Step
from voxnas.models.activations import PReLU


class Pointwise(nn.Module):
    """A 1×1 convolution on `(channels, batch, samples)`, where it is one product without copies.

    Its start is PyTorch's own, uniform within 1/sqrt(inputs).
    """

    def __init__(self, inputs: int, outputs: int, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs))
        self.bias = nn.Parameter(torch.empty(outputs)) if bias else None
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(inputs**-0.5), inputs**-0.5)

    @property
    def macs(self) -> int:
        """Multiply-adds per sample."""
        return self.weight.numel()

    def forward(self, x: Tensor) -> Tensor:
        return pointwise(x, self.weight, self.bias)

    def step(self, signal: int) -> Step:
        """It as a step of a program, of a signal."""
        return pointwise_step(signal, self.weight, self.bias)


def pointwise(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """A linear map of channels, `(channels, batch, samples)`."""
    flat = x.flatten(1)
    y = weight @ flat if bias is None else torch.addmm(bias[:, None], weight, flat)
    return y.unflatten(1, x.shape[1:])


def activated(activation: nn.Module, x: Tensor) -> Tensor:
    """An activation, whose slopes may be per channel, on `(channels, batch, samples)`."""
    if isinstance(activation, PReLU):
        return torch.where(x > 0, x, x * activation.slopes[:, None, None])
    y: Tensor = activation(x)
    return y


def pointwise_step(signal: int, weight: Tensor, bias: Tensor | None) -> Step:
    """A 1×1 convolution, weight `(outputs, inputs)`, as a step of a program."""
    return Step("conv", (signal,), len(weight), 1, weight=weight[..., None], bias=bias)


def values(tensor: Tensor) -> NDArray[np.float32]:
    """What a step takes of a tensor."""
    return tensor.detach().cpu().float().numpy()
