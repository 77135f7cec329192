"""Contract of networks that read images, and how they find their size."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from voxnas.models.base import Network
from voxnas.problems.spectral.networks.reading import HEADS, Reading
from voxnas.utils.errors import InputError

TOLERANCE = 0.1  # of the number of weights
SCALES = 2  # numbers that an image comes with: what its bytes 0 and 255 stand for
WIDEST = 4096.0
EXAMPLE = Reading(1, 32, 32, levels=(0,), low=-60.0, high=0.0, spread=10.0, heads=(3, 24))


class ImageNetwork(Network):
    """Network from images and their scales to an output for each knob, as wide as its weights allow.

    Its shape follows from the data: `follow` gives it heads, and the width at which its trainable numbers are
    nearest to `weights`. Images come as bytes 0 to 1; levels are brought back to the dB that their scale
    says, so that loudness is seen, and the scale itself is told beside.

    Args:
        weights: trainable numbers wanted.
        name: of the candidate.
        heads: "steps" for a distribution over each knob's grid, "value" for a number.
        scales: whether the scale is told.
        reads: what an earlier one was given, as `architecture` says it.
        sizes: those of the kind.
    """

    def __init__(
        self,
        weights: int,
        name: str,
        heads: str = "steps",
        scales: bool = True,
        reads: Mapping[str, Any] | None = None,
        **sizes: Any,
    ) -> None:
        super().__init__()
        if heads not in HEADS:
            raise InputError(f"model.heads={heads}: one of {', '.join(HEADS)}")
        if weights < 1:
            raise InputError(f"model.weights={weights}: give a number above 0")
        self.name, self.weights, self.heads, self.scales = name, weights, heads, scales
        self.sizes = sizes
        self.reads: Reading | None = None
        self._macs = 0
        if reads is not None:
            self.follow(Reading.of(reads))

    @abstractmethod
    def trunk(self, width: float) -> nn.Module:
        """Layers from images `(b, channels, height, width)` to features `(b, k)`, at a width."""

    @abstractmethod
    def features(self, width: float) -> int:
        """Numbers that these layers give."""

    def follow(self, reads: Reading) -> None:
        """Take the shape that suits data, with fresh weights; nothing where it has that shape.

        InputError where no width has about as many weights as are wanted.
        """
        if reads == self.reads:
            return
        self.reads = reads
        width = self._width()
        self.layers = self.trunk(width)
        self.head = self._head(width)
        self._macs = count_macs(self)

    def _head(self, width: float) -> nn.Module:
        assert self.reads is not None
        given, hidden = self.features(width) + SCALES * self.scales, max(4, round(2 * width))
        return nn.Sequential(nn.Linear(given, hidden), nn.ReLU(), nn.Linear(hidden, sum(self.reads.heads)))

    def _size(self, width: float) -> int:
        """Weights at a width, without making them."""
        with torch.device("meta"):
            parts = self.trunk(width), self._head(width)
        return sum(p.numel() for part in parts for p in part.parameters())

    def _width(self) -> float:
        """The width whose number of weights is nearest to what is wanted: sizes go up with it in steps."""
        low, high = 1.0, 2.0
        while self._size(high) < self.weights and high < WIDEST:
            low, high = high, 2 * high
        tried = {low: self._size(low), high: self._size(high)}
        for _ in range(24):
            middle = (low + high) / 2
            tried[middle] = self._size(middle)
            low, high = (middle, high) if tried[middle] < self.weights else (low, middle)
        best = min(tried, key=lambda width: abs(tried[width] - self.weights))
        if abs(tried[best] - self.weights) > TOLERANCE * self.weights:
            raise InputError(
                f"model.weights={self.weights}: the nearest {type(self).__name__} for this data has "
                f"{tried[best]}; give model.weights={tried[best]}, or fewer layers"
            )
        return best

    def architecture(self) -> dict[str, Any]:
        reads = None if self.reads is None else self.reads.as_values()
        own = {"weights": self.weights, "heads": self.heads, "scales": self.scales}
        return {"type": type(self).__name__, "name": self.name, **own, **self.sizes, "reads": reads}

    @property
    def macs(self) -> int:
        return self._macs

    def example(self) -> tuple[Tensor, Tensor]:
        """An input; one that follows no data yet takes the shape of the smallest set's."""
        self.follow(self.reads or EXAMPLE)
        reads = self.reads or EXAMPLE
        return torch.zeros(1, reads.channels, reads.height, reads.width), torch.zeros(1, SCALES)

    def forward(self, images: Tensor, scales: Tensor) -> Tensor:
        """Images `(b, channels, height, width)`, 0 to 1, and scales `(b, 2)` in dB to `(b, sum of heads)`."""
        features = self.layers(self.seen(images, scales))
        if self.scales:
            features = torch.cat([features, self._standard(scales)], dim=1)
        out: Tensor = self.head(features)
        return out

    def seen(self, images: Tensor, scales: Tensor) -> Tensor:
        """Images about 0: levels in dB as they were, other channels as they are."""
        assert self.reads is not None
        low, high = scales[:, 0, None, None, None], scales[:, 1, None, None, None]
        middle, half = (
            (self.reads.low + self.reads.high) / 2,
            max(1.0, (self.reads.high - self.reads.low) / 2),
        )
        levels = (low + images * (high - low) - middle) / half
        if len(self.reads.levels) == self.reads.channels:
            return levels
        mask = torch.zeros(self.reads.channels, 1, 1, dtype=torch.bool, device=images.device)
        mask[list(self.reads.levels)] = True
        return torch.where(mask, levels, 2 * images - 1)

    def _standard(self, scales: Tensor) -> Tensor:
        assert self.reads is not None
        means = self.reads.low, self.reads.high
        parts = [scales[:, i : i + 1] - mean for i, mean in enumerate(means)]
        return torch.cat(parts, dim=1) / max(1.0, self.reads.spread)


def count_macs(network: ImageNetwork) -> int:
    """Multiply-adds of one image, by its convolutions, linear layers and attention."""
    total = 0

    def count(module: nn.Module, inputs: tuple[Tensor, ...], output: Any) -> None:
        nonlocal total
        if isinstance(module, nn.Conv2d):
            total += output.numel() * module.weight[0].numel()
        elif isinstance(module, nn.Linear):
            total += output.numel() * module.in_features
        elif isinstance(module, nn.MultiheadAttention):
            tokens, width = inputs[0].shape[-2:]
            total += 4 * tokens * width**2 + 2 * tokens**2 * width

    handles = [module.register_forward_hook(count) for module in network.modules()]
    training = network.training
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # it goes past the hooks
    network.eval()
    with torch.no_grad():
        network(*network.example())
    torch.backends.mha.set_fastpath_enabled(fast)
    network.train(training)
    for handle in handles:
        handle.remove()
    return total
