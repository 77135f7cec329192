"""The loss: a weighted sum of terms, composed in configs/training.

Terms take output and target, `(batch, 1, samples)` each, and judge the whole batch at once. Sources: Wright
and Välimäki (2020), "Perceptual loss function for neural modeling of audio systems"; Yamamoto et al. (2020),
"Parallel WaveGAN" (multi-resolution STFT).
"""

from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from voxnas.problems.amp import esr as ratio
from voxnas.problems.amp.metrics import pre_emphasis
from voxnas.training.weighted_terms import Term, WeightedTerms

EPSILON = 1e-8  # keeps a batch of silence from dividing by zero
WINDOW = 1024  # samples over which playing counts as of one loudness
SOFTEST = 1e-3  # of the batch's mean square


def mse(output: Tensor, target: Tensor) -> Tensor:
    """Mean squared error."""
    return nn.functional.mse_loss(output, target)


def esr(output: Tensor, target: Tensor) -> Tensor:
    """Error-to-signal ratio of the batch, finite on silence."""
    return ratio.esr(output, target, EPSILON)


def root_esr(output: Tensor, target: Tensor) -> Tensor:
    """Square root of the ESR: its gradient does not fade as the error gets small."""
    return (esr(output, target) + EPSILON).sqrt()


def soft_esr(output: Tensor, target: Tensor) -> Tensor:
    """Root of the mean of short windows' own ESRs, so that soft playing counts as much as loud.

    Up to 30 dB below the batch's mean: what is softer still counts less and less, for it may be hiss.
    """
    size = min(WINDOW, target.shape[-1])
    whole = target.shape[-1] // size * size
    error, power = (
        signal[..., :whole].reshape(-1, size).square().mean(dim=-1) for signal in (output - target, target)
    )
    return ((error / (power + SOFTEST * (power.mean() + EPSILON))).mean() + EPSILON).sqrt()


def pre_emphasised_esr(output: Tensor, target: Tensor) -> Tensor:
    """ESR after a first-order high-pass, which weighs the treble as the ear does."""
    return esr(pre_emphasis(output), pre_emphasis(target))


def dc(output: Tensor, target: Tensor) -> Tensor:
    """Squared mean of each segment's error over the target's power."""
    return ratio.relative((output - target).mean(dim=-1).square().mean(), target, EPSILON)


def mrstft(output: Tensor, target: Tensor) -> Tensor:
    """Multi-resolution STFT distance of the pre-emphasised signals."""
    distance: Tensor = _mrstft_module(output.device)(pre_emphasis(output), pre_emphasis(target))
    return distance


@cache
def _mrstft_module(device: torch.device) -> Any:
    import auraloss  # only when it is used: it takes a while to import

    return auraloss.freq.MultiResolutionSTFTLoss(device=device)


TERMS: dict[str, Term] = {
    term.__name__: term for term in (mse, esr, root_esr, soft_esr, pre_emphasised_esr, dc, mrstft)
}


class WeightedLoss(WeightedTerms):
    """Weighted sum of `TERMS` of `(batch, 1, samples)`."""

    terms = TERMS
