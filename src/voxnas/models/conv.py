"""A causal one-dimensional convolution that can carry its past."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class CausalConv(nn.Module):
    """A dilated convolution over time on `(batch, channels, 1, samples)` in channels-last memory.

    The weight is `(out, in / groups, kernel_size)`, tap `kernel_size - 1` for the current sample, as
    plug-in files have it. In this memory layout a training step of 4 channels takes a quarter of the time
    of Conv1d on a CPU, and wider ones about the same.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 1,
        dilation: int = 1,
        bias: bool = True,
        groups: int = 1,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels // groups, kernel_size))
        self.bias = nn.Parameter(torch.empty(out_channels)) if bias else None
        self.dilation, self.groups = dilation, groups
        self.past_samples = (kernel_size - 1) * dilation
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """PyTorch's own default for Conv1d: uniform within 1/sqrt(fan in)."""
        bound = (self.weight.shape[1] * self.weight.shape[2]) ** -0.5
        nn.init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            nn.init.uniform_(self.bias, -bound, bound)

    @property
    def macs(self) -> int:
        """Multiply-adds per sample."""
        return self.weight.numel()

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight.unsqueeze(2).contiguous(memory_format=torch.channels_last)
        return functional.conv2d(x, weight, self.bias, dilation=(1, self.dilation), groups=self.groups)

    def with_past(self, x: Tensor, past: Tensor | None) -> tuple[Tensor, Tensor]:
        """Convolve with the past in front if there is one; return the past for the next block as well."""
        if past is not None and self.past_samples:
            x = torch.cat([past, x], dim=-1)
        return self(x), x[..., x.shape[-1] - self.past_samples :]

    def empty_past(self, batch: int) -> Tensor:
        """Zeros in the past's shape, of the weight's kind."""
        channels = self.weight.shape[1] * self.groups
        return self.weight.new_zeros(batch, channels, 1, self.past_samples)
