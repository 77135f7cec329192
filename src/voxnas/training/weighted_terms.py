"""A loss that is a weighted sum of terms, composed in configs/training."""

from collections.abc import Callable, Mapping
from functools import reduce
from operator import add
from typing import ClassVar

from torch import Tensor, nn

from voxnas.utils.errors import InputError

Term = Callable[[Tensor, Tensor], Tensor]


class WeightedTerms(nn.Module):
    """weight₁ · term₁ + weight₂ · term₂ + … of a problem's `terms`; those of weight 0 are not computed.

    Args:
        weights: by the names of `terms`.

    Raises:
        InputError: an unknown term, or no weight above 0.
    """

    terms: ClassVar[Mapping[str, Term]]

    def __init__(self, **weights: float) -> None:
        super().__init__()
        if unknown := set(weights) - set(self.terms):
            raise InputError(f"loss: unknown terms {sorted(unknown)}; known are {', '.join(self.terms)}")
        self.weights = {name: float(weight) for name, weight in weights.items() if weight > 0}
        if not self.weights:
            raise InputError(f"loss: give a weight above 0 to one of {', '.join(self.terms)}")

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Output and target, both as the terms take them, to a scalar."""
        return reduce(add, (w * self.terms[name](output, target) for name, w in self.weights.items()))
