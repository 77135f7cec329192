"""Error-to-signal ratio, the score of an amp's model: Σ(y - ŷ)² / Σy².

Source: Wright et al. (2020), "Real-Time Guitar Amplifier Emulation with Deep Learning".
"""

import torch
from torch import Tensor
from torch.nn.functional import mse_loss


def esr(output: Tensor, target: Tensor, floor: float = 0.0) -> Tensor:
    """Error-to-signal ratio of everything that is given at once, differentiable; 0 is perfect.

    Silence scores 1. A silent target has no such ratio: 0 if the output is silent too, else infinity.

    Args:
        output, target: of the same shape.
        floor: added to the target's mean square; above 0 the ratio is finite on silence.

    Raises:
        ValueError: shapes that differ.
    """
    if output.shape != target.shape:
        raise ValueError(f"output {tuple(output.shape)} and target {tuple(target.shape)} differ in shape")
    return relative(mse_loss(output, target), target, floor)


def relative(error: Tensor, target: Tensor, floor: float = 0.0) -> Tensor:
    """An error over the target's mean square, plus `floor`; see `esr` for a silent target."""
    power = target.square().mean() + floor
    if floor or power != 0:  # NaN included, which shows in the result
        return error / power
    return torch.where(error == 0, torch.zeros_like(error), torch.inf)


class SectionESR:
    """Error-to-signal ratio over a whole section that comes in pieces: a ratio of sums, no mean of ratios."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin a section."""
        self._error = self._energy = 0.0

    def update(self, output: Tensor, target: Tensor) -> None:
        """Take in a piece: what the network made of it, and what it should have."""
        self._error += float((output - target).double().square().sum())
        self._energy += float(target.double().square().sum())

    def compute(self) -> float:
        """The section's ratio; infinite for a silent target."""
        return self._error / self._energy if self._energy else float("inf")
