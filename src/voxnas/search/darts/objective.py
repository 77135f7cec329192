"""Penalties beside the error: on the cost of the expected network, and on early certainty of the choices."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from voxnas.search.darts.supernet import Choices


class Schedule(NamedTuple):
    """A value that goes from `start` to `end` over the search, by equal factors."""

    start: float
    end: float

    def at(self, progress: float) -> float:
        """The value at a progress from 0 to 1."""
        share = min(1.0, max(0.0, progress))
        return math.exp((1 - share) * math.log(self.start) + share * math.log(self.end))


def beta_decay(tables: Sequence[Choices]) -> Tensor:
    """The mean over all places of log Σ exp α, which keeps the strong choices from running away.

    P. Ye et al. (2022), "β-DARTS: Beta-Decay Regularization for Differentiable Architecture Search".
    """
    return torch.cat([table.logits.logsumexp(dim=1) for table in tables]).mean()


def entropy(tables: Sequence[Choices], temperature: float = 1.0) -> float:
    """Entropy of the choices: the mean of the places' entropies, each over its largest; 0 to 1."""
    shares = []
    for table in tables:
        if len(table.options) > 1:
            p = table.probabilities(temperature).detach().double()
            shares.append(-torch.xlogy(p, p).sum(dim=1) / math.log(len(table.options)))
    return float(torch.cat(shares).mean()) if shares else 0.0
