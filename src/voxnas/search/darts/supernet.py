"""The relaxed network of a differentiable search: every choice at once, each with a learnt weight.

H. Liu, K. Simonyan, Y. Yang (2019), "DARTS: Differentiable Architecture Search": an operation is replaced by
the sum of all candidates, weighted by the softmax of logits α, which are learnt beside the network's weights.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from voxnas.models.genotype import Genotype

Price = Callable[[Any], float]  # what one operation of a space costs, in the unit that the search saves


class Choices(nn.Module):
    """A table of choices: one row per place in the network, one column per option.

    Args:
        rows, options: their names, for pictures and messages.
    """

    def __init__(self, rows: Sequence[str], options: Sequence[str]) -> None:
        super().__init__()
        self.rows, self.options = list(rows), list(options)
        self.logits = nn.Parameter(1e-3 * torch.randn(len(rows), len(options)))

    def probabilities(self, temperature: float = 1.0) -> Tensor:
        """`(rows, options)`, each row's sum 1."""
        return torch.softmax(self.logits / temperature, dim=-1)

    def sample(self, temperature: float = 1.0) -> Tensor:
        """`(rows, options)`: one option per row, drawn by its probability, as 1 among zeros.

        The gradient is that of the softmax of the same draw (the Gumbel softmax), so that an option that was
        not drawn learns, to first order, what it would have changed. X. Dong, Y. Yang (2019), "Searching for
        a Robust Neural Architecture in Four GPU Hours".
        """
        noise = -torch.log(-torch.log(torch.rand_like(self.logits).clamp(1e-9, 1 - 1e-7)))
        soft = torch.softmax((self.logits + noise) / temperature, dim=-1)
        hard = torch.zeros_like(soft).scatter_(1, soft.argmax(1, keepdim=True), 1.0)
        return hard + (soft - soft.detach())

    def set_one_hot(self, picks: Sequence[int], certainty: float = 1e4) -> None:
        """Make each row as good as certain of one option."""
        with torch.no_grad():
            self.logits.fill_(0.0)
            self.logits[range(len(picks)), list(picks)] = certainty


class SuperNet(nn.Module, ABC):
    """`forward` as of `voxnas.models.base.Network`, with all choices weighted by their probabilities.

    The logits are parameters like the others, so that checkpoints hold them; `alphas` and `weights` tell the
    two apart.
    """

    receptive_field: int  # of the largest network within, in samples
    delay_samples: int = 0
    segment_length: int = 8192
    batch_size: int = 8
    temperature: float = 1.0
    skip_dropout: float = 0.0  # with which an edge's skip is left out of a step of training
    drawn: Collection[str] = ()  # the tables of which `forward` draws one option instead of mixing all
    choices: nn.ModuleDict  # name → Choices

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """`(batch, 1, samples + receptive_field - 1)` to `(batch, 1, samples)`."""

    @abstractmethod
    def genotype(self) -> Genotype:
        """The strongest choices, as an architecture. Raises InputError where they leave nothing."""

    @abstractmethod
    def expected_cost(self, price: Price) -> Tensor:
        """The mean cost over all networks within, each as probable as its choices; differentiable.

        With every row certain this is that network's cost to the last unit.
        """

    @abstractmethod
    def set_one_hot(self, genotype: Genotype) -> None:
        """Make the choices as good as certain, so that the network computes and costs what this one does."""

    def measure_operations(self, operations: Sequence[Any]) -> list[float]:
        """µs per block of 64 samples of each operation, measured on this machine's streaming engine."""
        raise NotImplementedError(f"{type(self).__name__} has no operations that could be timed")

    def genotype_weights(self) -> dict[str, Tensor]:
        """The state of the genotype's network with the search's weights; empty where none carry over."""
        return {}

    def largest_cost(self, price: Price) -> float:
        """The expected cost with every choice its most expensive option."""
        before = [alpha.detach().clone() for alpha in self.alphas()]
        try:
            with torch.no_grad():
                for alpha in self.alphas():
                    alpha.zero_()  # among equally probable options the most expensive has the steepest slope
            with torch.enable_grad():
                cost = self.expected_cost(price)
                rising = torch.autograd.grad(cost, self.alphas(), allow_unused=True, materialize_grads=True)
            for table, by_option in zip(self.choices.values(), rising, strict=True):
                table.set_one_hot(by_option.argmax(dim=1).tolist())  # type: ignore[operator]
            return float(self.expected_cost(price).detach())
        finally:
            with torch.no_grad():
                for alpha, own in zip(self.alphas(), before, strict=True):
                    alpha.copy_(own)

    def alphas(self) -> list[nn.Parameter]:
        """The choices' logits."""
        return [table.logits for table in self.choices.values()]  # type: ignore[misc]

    def weights(self) -> list[nn.Parameter]:
        """All other parameters."""
        own = {id(parameter) for parameter in self.alphas()}
        return [parameter for parameter in self.parameters() if id(parameter) not in own]
