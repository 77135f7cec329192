"""What controls make of all of a network's weights: a plain network for each setting."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

TURN = 0.5  # of a control's way: all of them together move a weight about as fast as its own learning does
SHARE = 0.2  # of the change that a weight has to itself


class ControlWeights(nn.Module):
    """Changes of a network's numbers, straight lines over the controls.

    From -1 to 1 over a control's way, times `TURN`, goes a factor of each row, which is `scale`, and a change
    of each number, `weight`. A number's own change is slow, but a bias's: what rows do together is learnt
    from few settings, and holds between them; what is left to each number makes the settings that train more
    exact. All begin with zeros: the network begins as the one without controls.

    Args:
        rows: for each number the row that it is of, which goes to one output channel.
        biases: for each number whether it is one.
        controls: how many it follows.
    """

    def __init__(self, rows: Tensor, biases: Tensor, controls: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(int(rows.max()) + 1, controls))
        self.weight = nn.Parameter(torch.zeros(len(rows), controls))
        self.rows: Tensor
        self.share: Tensor
        self.register_buffer("rows", rows, persistent=False)
        share = (SHARE + (1 - SHARE) * biases).unsqueeze(1)
        self.register_buffer("share", share, persistent=False)

    def changes(self, numbers: Tensor) -> Tensor:
        """Of the network's `(numbers,)` what each control adds at its end, and takes at its beginning."""
        return TURN * (self.scale[self.rows] * numbers.unsqueeze(1) + self.share * self.weight)

    def forward(self, numbers: Tensor, controls: Tensor) -> Tensor:
        """The network's `(numbers,)` and controls `(batch, k)` to the numbers of each setting."""
        return numbers + (2 * controls - 1) @ self.changes(numbers).T

    def without(self, places: Sequence[int], numbers: Tensor) -> "ControlWeights | None":
        """The same of the other controls, for a network of other numbers; None if there are none."""
        kept = [place for place in range(self.weight.shape[1]) if place not in places]
        if not kept:
            return None
        rest = ControlWeights(self.rows, self.share[:, 0] > 0.5, len(kept))
        rest.weight.data = self.changes(numbers).detach()[:, kept] / (TURN * self.share)
        return rest
