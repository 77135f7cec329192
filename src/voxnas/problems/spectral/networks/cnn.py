"""Convolutional network of images: blocks that halve the image, a coarse grid of what they find."""

from typing import Any

from torch import nn

from voxnas.models.build import register
from voxnas.problems.spectral.networks.base import ImageNetwork
from voxnas.utils.errors import InputError


@register
class CNN(ImageNetwork):
    """Blocks of a convolution, batch normalisation and ReLU, each with half the rows and columns of the last.

    Args:
        depth: blocks.
        kernel_size: odd.
        growth: of the channels, from block to block.
        separable: a filter for each channel and then a mixing of channels (Howard et al., "MobileNets",
            2017), not all at once; the first block is plain.
        grid: rows and columns to which the last block is averaged.
        weights, name, heads, scales, reads: see `ImageNetwork`.
    """

    def __init__(
        self,
        weights: int,
        name: str = "cnn",
        depth: int = 3,
        kernel_size: int = 3,
        growth: float = 1.6,
        separable: bool = True,
        grid: tuple[int, int] = (4, 4),
        **given: Any,
    ) -> None:
        if depth < 1 or kernel_size < 1 or kernel_size % 2 == 0 or growth <= 0 or min(grid) < 1:
            raise InputError(
                f"model: depth={depth}, kernel_size={kernel_size}, growth={growth}, grid={list(grid)}: "
                "give positive numbers and an odd kernel_size"
            )
        sizes: dict[str, Any] = {
            "depth": depth,
            "kernel_size": kernel_size,
            "growth": growth,
            "separable": separable,
        }
        super().__init__(weights, name, **given, **sizes, grid=list(grid))

    def summary(self) -> dict[str, Any]:
        return {"num_layers": self.sizes["depth"], "kernel_size": self.sizes["kernel_size"]}

    def _channels(self, width: float) -> list[int]:
        return [max(1, round(width * self.sizes["growth"] ** i)) for i in range(self.sizes["depth"])]

    def features(self, width: float) -> int:
        rows, columns = self.sizes["grid"]
        return self._channels(width)[-1] * rows * columns

    def trunk(self, width: float) -> nn.Module:
        assert self.reads is not None
        size, before = self.sizes["kernel_size"], self.reads.channels
        layers: list[nn.Module] = []
        for i, channels in enumerate(self._channels(width)):
            how: dict[str, Any] = {"kernel_size": size, "padding": size // 2, "stride": 2, "bias": False}
            if self.sizes["separable"] and i > 0:
                layers += [
                    nn.Conv2d(before, before, groups=before, **how),
                    nn.Conv2d(before, channels, 1, bias=False),
                ]
            else:
                layers += [nn.Conv2d(before, channels, **how)]
            layers += [nn.BatchNorm2d(channels), nn.ReLU()]
            before = channels
        return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(tuple(self.sizes["grid"])), nn.Flatten())
