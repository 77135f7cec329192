"""Images of one setting taken together: what a recording says that is longer than an image."""

from collections.abc import Sequence

import torch
from torch import Tensor

from voxnas.problems.spectral.losses import estimates
from voxnas.problems.spectral.networks.reading import STEPS
from voxnas.problems.spectral.vimh.knobs import Knob

LEAST_SETTINGS = 8  # that tell how much their images' errors have in common


def together(output: Tensor, setting: Tensor, heads: str, apart: float = 1.0) -> Tensor:
    """Outputs `(settings, outputs)`, each for all images of a setting.

    The product of the images' distributions, that k of them count as √k: they are of one performance, whose
    errors go together, and as k they would be far too sure. Of values the mean.

    Args:
        output: of a network for each image, `(n, outputs)`.
        setting: each image's, a number from 0, `(n,)`.
        heads: of the network.
        apart: how far images that follow each other are apart, as a share of what one shows.
    """
    counts = torch.bincount(setting).to(output.dtype)
    sums = output.new_zeros(len(counts), output.shape[1]).index_add(0, setting, output)
    power = (counts * apart).clamp(min=1).sqrt() if heads == STEPS else torch.ones_like(counts)
    return sums * (power / counts)[:, None]


def estimates_together(
    output: Tensor,
    setting: Tensor,
    knobs: Sequence[Knob],
    heads: str,
    common: Tensor | None = None,
    apart: float = 1.0,
) -> tuple[Tensor, Tensor]:
    """Where the knobs stand and how unsure that is, as of `estimates`, `(settings, knobs)` each.

    Args:
        common: what no number of images takes away, see `common_error`; None for nothing.
        output, setting, heads, apart: see `together`.
    """
    mean, deviation = estimates(together(output, setting, heads, apart), knobs, heads)
    return mean, deviation if common is None else (deviation**2 + common**2).sqrt()


def common_error(output: Tensor, target: Tensor, knobs: Sequence[Knob], heads: str) -> Tensor:
    """The part of errors that all images of a setting share, `(knobs,)`: it stays however many there are.

    Each setting is told twice, from every other of its images. What is by chance in the two errors is not
    the same, and their mean product is the variance of what they share. 0 where settings are too few, or
    have an image each.
    """
    settings, which, counts = torch.unique(target, dim=0, return_inverse=True, return_counts=True)
    several = counts > 1
    if int(several.sum()) < LEAST_SETTINGS:
        return torch.zeros(len(knobs))
    own = (torch.cumsum(several, 0) - 1)[which]
    half = torch.where(several[which], number_within(which, counts) % 2, -1)
    errors = []
    for one in (0, 1):
        joined = together(output[half == one], own[half == one], heads)
        errors.append(estimates(joined, knobs, heads)[0] - settings[several])
    return (errors[0] * errors[1]).mean(dim=0).clamp(min=0).sqrt()


def number_within(group: Tensor, counts: Tensor) -> Tensor:
    """The how manieth of its group each one is, from 0, `(n,)`."""
    order, first = torch.argsort(group, stable=True), torch.cumsum(counts, 0) - counts
    number = torch.empty_like(group)
    number[order] = torch.arange(len(group), device=group.device) - first[group[order]]
    return number
