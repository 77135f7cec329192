"""Operations of a network of cells, their costs and their weights.

Signals are `(batch, channels, 1, samples)` in channels-last memory, see `CausalConv`. Everything is causal
and "valid": nothing is padded, and what an operation needs of the past is missing at the left of its result.
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from voxnas.models.genotype import PRIMITIVES

Kind = Literal["none", "skip", "conv", "avg_pool", "max_pool", "upsample", "add", "concat", "cell"]
_KINDS: dict[str, Kind] = {"none": "none", "skip_connect": "skip", "avg_pool_3": "avg_pool"}
_KINDS |= {"max_pool_3": "max_pool"}

MOMENTUM, EPSILON = 0.1, 1e-5  # of batch norm, as PyTorch has them


@dataclass(frozen=True)
class Operation:
    """Operation of a network of cells, without its weights.

    Attributes:
        op: its name: a primitive, or which of the network's other parts it is.
        kind: as of `voxnas.kernels.graph.Step`; "none" is silence, "skip" the signal itself, "cell" a cell of
            a search, whose cost is that of what it holds.
        inputs: channels of what it is applied to.
        channels: of the result.
        rate: of the result, in samples of the network's input.
        kernel_size: in taps.
        dilation: in samples of what it is applied to.
        stride: 2 doubles the rate.
        relu: whether that follows.
        norm: batch norm instead of a bias.
    """

    op: str
    kind: Kind
    inputs: int
    channels: int
    rate: int
    kernel_size: int = 1
    dilation: int = 1
    stride: int = 1
    relu: bool = False
    norm: bool = False

    @property
    def has_weights(self) -> bool:
        """True if there is anything to train."""
        return self.kind in ("conv", "upsample")

    @property
    def past_samples(self) -> int:
        """Samples that the operation looks back in what it is applied to."""
        return (self.kernel_size - 1) * self.dilation

    @property
    def parameters(self) -> int:
        """Trainable numbers: weights, and a scale and a shift or a bias for each channel."""
        if not self.has_weights:
            return 0
        phases = 2 if self.kind == "upsample" else 1
        weights = phases * self.inputs * self.channels * self.kernel_size
        return weights + (2 if self.norm else 1) * self.channels

    @property
    def macs(self) -> float:
        """Multiply-adds with weights per sample of the network's input; batch norm is within them."""
        return self.inputs * self.channels * self.kernel_size / self.rate if self.has_weights else 0.0


def primitive(op: str, channels: int, rate: int, dilation: int = 1, stride: int = 1) -> Operation:
    """Operation of one of `PRIMITIVES`, from `channels` to as many; `rate` is that of the result.

    With stride 2 it looks at neighbouring samples whatever the dilation, lest every other one go unheard;
    for the same reason a strided skip_connect is a convolution of two taps, the paper's "factorized
    reduction".
    """
    if op not in PRIMITIVES:
        raise ValueError(f"unknown primitive {op!r}")
    dilation = dilation if stride == 1 else 1
    if op == "skip_connect" and stride == 2:
        return reduction(op, channels, channels, rate)
    if op in _KINDS:
        taps = (3, dilation) if op.endswith("pool_3") else (1, 1)
        return Operation(op, _KINDS[op], channels, channels, rate, *taps, stride)
    kernel_size = int(op.rpartition("_")[2])
    return Operation(op, "conv", channels, channels, rate, kernel_size, dilation, stride, True, True)


def projection(op: str, inputs: int, channels: int, rate: int, relu: bool = False) -> Operation:
    """A 1×1 convolution with batch norm."""
    return Operation(op, "conv", inputs, channels, rate, relu=relu, norm=True)


def reduction(op: str, inputs: int, channels: int, rate: int) -> Operation:
    """Half as many samples, of which each sees two: nothing is passed over. `rate` is that of the result."""
    return Operation(op, "conv", inputs, channels, rate, kernel_size=2, stride=2, norm=True)


class Unit(nn.Module):
    """The weights of a convolution or an upsampling, with its batch norm or its bias.

    The weight is `(channels, inputs, kernel_size)`, of an upsampling `(2, channels, inputs, kernel_size)`;
    the last tap is the current sample's. Batch norm goes by the batch while the unit is in training and not
    `frozen`, else by running figures, which makes it a part of the convolution.

    Args:
        operation: a conv or an upsample.
        affine: whether batch norm has a scale and a shift to train.
    """

    frozen = False
    mean: Tensor
    variance: Tensor

    def __init__(self, operation: Operation, affine: bool = True) -> None:
        super().__init__()
        self.operation = operation
        channels, inputs, size = operation.channels, operation.inputs, operation.kernel_size
        phases = (2,) if operation.kind == "upsample" else ()
        self.weight = nn.Parameter(torch.empty(*phases, channels, inputs, size))
        self.scale = nn.Parameter(torch.ones(channels)) if operation.norm and affine else None
        self.bias = nn.Parameter(torch.zeros(channels)) if affine or not operation.norm else None
        if (
            operation.norm
        ):  # own buffers, since PyTorch's module counts batches in integers, which is no weight
            self.register_buffer("mean", torch.zeros(channels))
            self.register_buffer("variance", torch.ones(channels))
        nn.init.uniform_(self.weight, -((inputs * size) ** -0.5), (inputs * size) ** -0.5)

    def folded(self) -> tuple[Tensor, Tensor | None]:
        """Weight and bias with batch norm's running figures in them."""
        if not self.operation.norm:
            return self.weight, self.bias
        scale = (self.variance + EPSILON).rsqrt()
        if self.scale is not None:
            scale = scale * self.scale
        shift = -self.mean * scale
        return self.weight * scale[:, None, None], shift if self.bias is None else shift + self.bias

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, inputs, 1, samples)` to `(batch, channels, 1, fewer)`."""
        if self.operation.norm and self.training and not self.frozen:
            y = convolve(self.operation, x, self.weight, None)
            y = functional.batch_norm(
                y, self.mean, self.variance, self.scale, self.bias, True, MOMENTUM, EPSILON
            )
        else:
            y = convolve(self.operation, x, *self.folded())
        return functional.relu(y) if self.operation.relu else y


def convolve(operation: Operation, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """A conv's or an upsample's sums, without what follows them."""
    if operation.kind == "conv":
        return _conv(x, weight, bias, operation.dilation, operation.stride)
    # A channel for each phase; in this memory layout they are the samples of twice the rate as they lie.
    phases = _conv(x, weight.flatten(0, 1), None if bias is None else bias.repeat(2))
    batch, channels, _, samples = phases.shape
    rows = phases.permute(0, 2, 3, 1).reshape(batch, 1, 2 * samples, channels // 2)
    return rows.permute(0, 3, 1, 2)


def _conv(x: Tensor, weight: Tensor, bias: Tensor | None, dilation: int = 1, stride: int = 1) -> Tensor:
    if weight.shape[1] == 1:  # one channel takes five times as long as two
        x = x.expand(-1, 2, -1, -1)
        weight = functional.pad(weight, (0, 0, 0, 1))
    if (
        weight.shape[2] == 1
    ):  # on one thread PyTorch takes a slower way if there is neither kernel nor dilation
        dilation = 2
    weight = weight.unsqueeze(2).contiguous(memory_format=torch.channels_last)
    return functional.conv2d(x, weight, bias, stride=(1, stride), dilation=(1, dilation))


class _Crop(torch.autograd.Function):
    """A slice, whose gradient PyTorch would lay out in another memory format than that of the signal."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, begin: int, end: int) -> Tensor:
        ctx.missing = begin, x.shape[-1] - end
        return x[..., begin:end]

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        return functional.pad(gradient, ctx.missing), None, None


def crop(x: Tensor, begin: int, end: int) -> Tensor:
    """Samples `begin` to `end` of a signal, counted from its first."""
    whole = begin == 0 and end >= x.shape[-1]
    return x if whole else _Crop.apply(x, begin, min(end, x.shape[-1]))


def pool(operation: Operation, x: Tensor) -> Tensor:
    """The mean or the maximum of three samples, `dilation` apart."""
    size, dilation, stride = operation.kernel_size, operation.dilation, operation.stride
    if operation.kind == "max_pool":
        return functional.max_pool2d(x, (1, size), (1, stride), dilation=(1, dilation))
    # As a convolution, which in this memory layout takes a third of the time of sums of shifted signals
    mean = torch.eye(operation.channels, dtype=x.dtype, device=x.device) / size
    return _conv(x, mean.unsqueeze(2).expand(-1, -1, size), None, dilation, stride)
