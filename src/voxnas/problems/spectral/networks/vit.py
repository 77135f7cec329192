"""Vision transformer of images: patches that attend to each other."""

from typing import Any

import torch
from torch import Tensor, nn

from voxnas.models.build import register
from voxnas.problems.spectral.networks.base import ImageNetwork
from voxnas.problems.spectral.networks.reading import Reading
from voxnas.utils.errors import InputError

POOLINGS = ("class", "mean")


@register
class ViT(ImageNetwork):
    """Patches with learned places through layers of attention, and a class token or the mean of all patches.

    Source: Dosovitskiy et al., "An image is worth 16×16 words", ICLR 2021.

    Args:
        depth: layers.
        attention_heads: of each.
        patch: rows and columns of a patch; an image is padded with its edge to whole patches.
        pooling: "class" or "mean".
        weights, name, heads, scales, reads: see `ImageNetwork`.
    """

    def __init__(
        self,
        weights: int,
        name: str = "vit",
        depth: int = 3,
        attention_heads: int = 2,
        patch: tuple[int, int] = (8, 8),
        pooling: str = "class",
        **given: Any,
    ) -> None:
        if pooling not in POOLINGS:
            raise InputError(f"model.pooling={pooling}: one of {', '.join(POOLINGS)}")
        if depth < 1 or attention_heads < 1 or min(patch) < 1:
            raise InputError("model: depth, attention_heads and patch have to be positive")
        sizes: dict[str, Any] = {
            "depth": depth,
            "attention_heads": attention_heads,
            "patch": list(patch),
            "pooling": pooling,
        }
        super().__init__(weights, name, **given, **sizes)

    def summary(self) -> dict[str, Any]:
        return {"num_layers": self.sizes["depth"]}

    def features(self, width: float) -> int:
        heads = self.sizes["attention_heads"]
        return heads * max(2, round(width / heads))

    def trunk(self, width: float) -> nn.Module:
        assert self.reads is not None
        # the tokens' width goes in steps; that of the layers between fills the gaps
        return Transformer(self.reads, self.features(width), max(2, round(2 * width)), **self.sizes)


class Transformer(nn.Module):
    """Trunk of a `ViT`; `between` is the width within its feed-forward layers."""

    def __init__(
        self,
        reads: Reading,
        width: int,
        between: int,
        depth: int,
        attention_heads: int,
        patch: tuple[int, int],
        pooling: str,
    ) -> None:
        super().__init__()
        rows, columns = (
            -(-size // step) for size, step in zip((reads.height, reads.width), patch, strict=True)
        )
        self.padding = columns * patch[1] - reads.width, rows * patch[0] - reads.height
        self.cut = nn.Conv2d(reads.channels, width, (patch[0], patch[1]), (patch[0], patch[1]))
        self.places = nn.Parameter(0.02 * torch.randn(1, rows * columns, width))
        self.token = nn.Parameter(torch.zeros(1, 1, width)) if pooling == "class" else None
        layers = [Layer(width, between, attention_heads) for _ in range(depth)]
        self.layers, self.norm = nn.Sequential(*layers), nn.LayerNorm(width)

    def forward(self, images: Tensor) -> Tensor:
        """`(b, channels, height, width)` to `(b, width of a token)`."""
        right, down = self.padding
        if right or down:
            images = nn.functional.pad(images, (0, right, 0, down), mode="replicate")
        tokens = self.cut(images).flatten(2).transpose(1, 2) + self.places
        if self.token is not None:
            tokens = torch.cat([self.token.expand(tokens.shape[0], -1, -1), tokens], dim=1)
        tokens = self.norm(self.layers(tokens))
        pooled: Tensor = tokens.mean(dim=1) if self.token is None else tokens[:, 0]
        return pooled


class Layer(nn.Module):
    """Attention and a feed-forward layer, each after a normalisation and beside a short cut."""

    def __init__(self, width: int, between: int, heads: int) -> None:
        super().__init__()
        self.before, self.attention = (
            nn.LayerNorm(width),
            nn.MultiheadAttention(width, heads, batch_first=True),
        )
        self.forward_part = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, between), nn.GELU(), nn.Linear(between, width)
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens `(b, n, width)` to as many."""
        seen = self.before(tokens)
        tokens = tokens + self.attention(seen, seen, seen, need_weights=False)[0]
        after: Tensor = tokens + self.forward_part(tokens)
        return after
