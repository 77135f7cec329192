"""What controls add to the inner channels of a network: the further columns of its input's weights."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class ControlMix(nn.Module):
    """Weights `(rows, controls)`: a setting adds to each row what it would add to that row's bias.

    In a WaveNet the rows are all layers' inner channels, one layer after the other, and the weights are the
    further columns of the input's mix-in, as if the condition had `1 + controls` rows. They begin with
    zeros: the network begins as the one without controls.
    """

    def __init__(self, rows: int, controls: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(rows, controls))

    def forward(self, controls: Tensor) -> Tensor:
        """Controls `(batch, k)` or `(batch, k, samples)` to `(batch, rows)` or `(batch, rows, samples)`."""
        return torch.einsum("rk,bk...->br...", self.weight, controls)

    def without(self, places: Sequence[int]) -> "ControlMix | None":
        """The mix of the other controls; None if there are none."""
        kept = [place for place in range(self.weight.shape[1]) if place not in places]
        if not kept:
            return None
        mix = ControlMix(self.weight.shape[0], len(kept))
        mix.weight.data = self.weight.detach()[:, kept].clone()
        return mix
