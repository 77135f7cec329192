"""Multilayer perceptron of coarse images."""

from typing import Any

from torch import nn

from voxnas.models.build import register
from voxnas.problems.spectral.networks.base import ImageNetwork
from voxnas.utils.errors import InputError


@register
class ImageMLP(ImageNetwork):
    """Images averaged to a grid, and layers of equal width.

    Args:
        depth: layers.
        grid: rows and columns.
        weights, name, heads, scales, reads: see `ImageNetwork`.
    """

    def __init__(
        self, weights: int, name: str = "mlp", depth: int = 2, grid: tuple[int, int] = (8, 8), **given: Any
    ) -> None:
        if depth < 1 or min(grid) < 1:
            raise InputError(f"model: depth={depth}, grid={list(grid)}: give positive numbers")
        super().__init__(weights, name, **given, depth=depth, grid=list(grid))

    def summary(self) -> dict[str, Any]:
        return {"num_layers": self.sizes["depth"]}

    def features(self, width: float) -> int:
        return max(1, round(width))

    def trunk(self, width: float) -> nn.Module:
        assert self.reads is not None
        (rows, columns), size = self.sizes["grid"], self.features(width)
        layers: list[nn.Module] = [nn.AdaptiveAvgPool2d((rows, columns)), nn.Flatten()]
        before = rows * columns * self.reads.channels
        for _ in range(self.sizes["depth"]):
            layers += [nn.Linear(before, size), nn.ReLU()]
            before = size
        return nn.Sequential(*layers)
