"""The loss: a weighted sum of terms, composed in configs/training."""

from typing import Any

import torch
from torch import Tensor, nn

from voxnas.training.metrics import PRE_EMPHASIS, pre_emphasis

EPSILON = 1e-8


def energy_ratio(error: Tensor, target: Tensor) -> Tensor:
    """sum(error²) / sum(target²) over the whole batch, safe on silence."""
    return error.square().mean() / (target.square().mean() + EPSILON)


class WeightedLoss(nn.Module):
    """weight₁ · term₁ + weight₂ · term₂ + …; terms of weight 0 are not computed.

    Args:
        mse: mean squared error.
        esr: error-to-signal ratio of the batch.
        pre_emphasised_esr: the same after a first-order high-pass (Wright and Välimäki, 2020,
            "Perceptual loss function for neural modeling of audio systems").
        dc: squared mean of the error over the target's energy (ibid.).
        mrstft: multi-resolution STFT distance (Yamamoto et al., 2020), by auraloss,
            on pre-emphasised signals.
        emphasis: the pre-emphasis coefficient.
    """

    def __init__(
        self,
        mse: float = 0.0,
        esr: float = 1.0,
        pre_emphasised_esr: float = 0.0,
        dc: float = 0.0,
        mrstft: float = 0.0,
        emphasis: float = PRE_EMPHASIS,
    ) -> None:
        super().__init__()
        weights = {
            "mse": mse,
            "esr": esr,
            "pre_emphasised_esr": pre_emphasised_esr,
            "dc": dc,
            "mrstft": mrstft,
        }
        self.weights = {term: float(weight) for term, weight in weights.items() if weight}
        self.emphasis = emphasis
        self._mrstft = _make_mrstft() if mrstft else None

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """`(batch, 1, samples)` twice to a scalar."""
        zero = output.new_zeros(())
        return sum(
            (w * getattr(self, f"_{term}_term")(output, target) for term, w in self.weights.items()), zero
        )

    def _mse_term(self, output: Tensor, target: Tensor) -> Tensor:
        return nn.functional.mse_loss(output, target)

    def _esr_term(self, output: Tensor, target: Tensor) -> Tensor:
        return energy_ratio(output - target, target)

    def _pre_emphasised_esr_term(self, output: Tensor, target: Tensor) -> Tensor:
        return energy_ratio(pre_emphasis(output - target, self.emphasis), pre_emphasis(target, self.emphasis))

    def _dc_term(self, output: Tensor, target: Tensor) -> Tensor:
        return (output - target).mean(dim=-1).square().mean() / (target.square().mean() + EPSILON)

    def _mrstft_term(self, output: Tensor, target: Tensor) -> Tensor:
        assert self._mrstft is not None
        emphasised = (pre_emphasis(signal, self.emphasis) for signal in (output, target))
        distance: Tensor = self._mrstft(*emphasised)
        return distance


def _make_mrstft() -> Any:
    import auraloss  # only when it is used: it takes a while to import

    return auraloss.freq.MultiResolutionSTFTLoss()


def require_finite(loss: Tensor) -> Tensor:
    """The loss, or a FloatingPointError if training has diverged."""
    if not torch.isfinite(loss):
        raise FloatingPointError(
            f"training diverged (loss is {float(loss)}); lower training.optimizer.lr or check the data"
        )
    return loss
