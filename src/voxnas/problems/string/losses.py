"""Losses of a string's segments, as parts of a weighted sum."""

import torch
from torch import Tensor

from voxnas.training.weighted_terms import Term, WeightedTerms

EPSILON = 1e-12
PART = 256  # samples over which energy is taken
SPECTRUM = 1024
SPECTRUM_FLOOR = 1e-5  # of the strongest bin


def mse(output: Tensor, target: Tensor) -> Tensor:
    """Mean squared error: loud segments count most."""
    return (output - target).square().mean()


def relative_mse(output: Tensor, target: Tensor) -> Tensor:
    """Root of each segment's squared error over its power, their mean: loud and soft count the same."""
    error = (output - target).square().mean(-1)
    return ((error + EPSILON) / (target.square().mean(-1) + EPSILON)).sqrt().mean()


def relative_l1(output: Tensor, target: Tensor) -> Tensor:
    """Each segment's absolute error over its mean level."""
    return ((output - target).abs().mean(-1) / (target.abs().mean(-1) + EPSILON)).mean()


def rise(output: Tensor, target: Tensor) -> Tensor:
    """Energy that the output has more than the target, over the target's, in short parts of the segments."""
    size = min(PART, target.shape[-1])
    whole = target.shape[-1] // size * size
    mine, theirs = (x[..., :whole].reshape(len(x), -1, size).square().mean(-1) for x in (output, target))
    return ((mine - theirs).clamp(min=0) / (theirs + EPSILON)).mean()


def relative_l1_with_penalty(output: Tensor, target: Tensor) -> Tensor:
    """`relative_l1`, and a rise of energy punished."""
    return relative_l1(output, target) + rise(output, target)


def spectral_decay(output: Tensor, target: Tensor) -> Tensor:
    """Difference of log spectra over time, down to 100 dB below the strongest bin: decay, not phase."""
    size = min(SPECTRUM, output.shape[-1])
    window = torch.hann_window(size, dtype=output.dtype)
    mine, theirs = (
        torch.stft(x, size, size // 2, window=window, center=False, return_complex=True).abs()
        for x in (output, target)
    )
    floor = SPECTRUM_FLOOR * theirs.amax((1, 2), keepdim=True) + EPSILON
    return ((mine + floor).log() - (theirs + floor).log()).abs().mean()


def dc(output: Tensor, target: Tensor) -> Tensor:
    """Squared mean of each segment's error over its power."""
    error = (output - target).mean(-1).square()
    return (error / (target.square().mean(-1) + EPSILON)).mean()


TERMS: dict[str, Term] = {
    term.__name__: term
    for term in (mse, relative_mse, relative_l1, relative_l1_with_penalty, rise, spectral_decay, dc)
}


class StringLoss(WeightedTerms):
    """Weighted sum of `TERMS` of `(segments, samples)`."""

    terms = TERMS
