"""Network of what sounds have in common all along: each frame read whole, mean and deviation over time.

D. Snyder et al., "X-vectors: robust DNN embeddings for speaker recognition", ICASSP 2018: statistics pooling.
A device sounds the same whatever is played when, so nothing is kept of the order of the frames; a filter sees
all frequencies at once, for a band alone tells little of a spectrum's shape.
"""

from typing import Any

import torch
from torch import Tensor, nn

from voxnas.models.build import register
from voxnas.problems.spectral.networks.base import ImageNetwork
from voxnas.utils.errors import InputError

STATISTICS = 2
SMALLEST_VARIANCE = 1e-3  # keeps the root's slope finite where a feature is still


@register
class PooledFrames(ImageNetwork):
    """Layers that read a frame and those beside it, then mean and deviation of each feature over time.

    Args:
        depth: layers of a frame.
        frames: that the first layer reads at once, odd.
        weights, name, heads, scales, reads: see `ImageNetwork`.
    """

    def __init__(
        self, weights: int, name: str = "pooled", depth: int = 2, frames: int = 1, **given: Any
    ) -> None:
        if depth < 1 or frames < 1 or frames % 2 == 0:
            raise InputError(
                f"model: depth={depth}, frames={frames}: give a positive depth and an odd number of frames"
            )
        super().__init__(weights, name, **given, depth=depth, frames=frames)

    def summary(self) -> dict[str, Any]:
        return {"num_layers": self.sizes["depth"], "kernel_size": self.sizes["frames"]}

    def features(self, width: float) -> int:
        return STATISTICS * max(1, round(width))

    def trunk(self, width: float) -> nn.Module:
        assert self.reads is not None
        size, frames = max(1, round(width)), self.sizes["frames"]
        whole = (self.reads.height, frames)
        layers: list[nn.Module] = [
            nn.Conv2d(self.reads.channels, size, whole, padding=(0, frames // 2), bias=False)
        ]
        for i in range(self.sizes["depth"]):
            layers += [nn.Conv2d(size, size, 1, bias=False)] if i > 0 else []
            layers += [nn.BatchNorm2d(size), nn.ReLU()]
        return nn.Sequential(*layers, MeanAndDeviation())


class MeanAndDeviation(nn.Module):
    """Features `(b, k, 1, frames)` to their means and standard deviations over time, `(b, 2 k)`."""

    def forward(self, features: Tensor) -> Tensor:
        over_time = features[:, :, 0]
        deviation = (over_time.var(dim=-1, unbiased=False) + SMALLEST_VARIANCE).sqrt()
        return torch.cat([over_time.mean(dim=-1), deviation], dim=1)
