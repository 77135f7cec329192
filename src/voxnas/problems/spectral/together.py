"""Images of one setting taken together: what a recording says that is longer than an image."""

import torch
from torch import Tensor

from voxnas.problems.spectral.networks.reading import STEPS


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
