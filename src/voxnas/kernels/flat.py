"""Parameters that lie side by side in one piece of memory, so that neighbours can be trained as one tensor.

A small network is many tiny tensors. To go through them one by one, in the backward pass and in the
optimizer, takes PyTorch longer than their arithmetic does.
"""

from collections.abc import Collection, Sequence
from itertools import groupby
from typing import Any

import torch
from torch import Tensor
from torch._utils import _flatten_dense_tensors, _unflatten_dense_tensors


class FlatParameters:
    """Makes parameters views of one `memory`, and of each run of neighbours one leaf of autograd.

    For everybody else the parameters stay what they are: their values are views of the leaf, and their
    gradients views of its gradient. A copy of this is None, since a copied parameter has memory of its own.

    Args:
        parameters: float32 on the CPU, in the order in which they are to lie in memory.
        unused: which of them get no gradient, by index. They stay leaves of their own, as frozen ones do, so
            that no optimizer touches them.
    """

    def __init__(self, parameters: Sequence[Tensor], unused: Collection[int] = ()) -> None:
        self.parameters = list(parameters)
        self.memory: Tensor = _flatten_dense_tensors([p.detach() for p in parameters])
        views = _unflatten_dense_tensors(self.memory, self.parameters)
        for parameter, view in zip(parameters, views, strict=True):
            parameter.data = view
        self._places = _places(parameters)
        apart = {i for i, p in enumerate(parameters) if i in unused or not p.requires_grad}
        runs = groupby(range(len(parameters)), key=lambda i: i if i in apart else None)
        indices = [list(run) for _, run in runs]
        self.runs = [[self.parameters[i] for i in run] for run in indices]
        parts = self.memory.split([sum(p.numel() for p in run) for run in self.runs])
        self.leaves = [_leaf(run, part) for run, part in zip(self.runs, parts, strict=True)]
        self.unused = [leaf for leaf, run in enumerate(indices) if run[0] in unused]
        self._gradients = self._make_gradients()

    def holds(self, parameters: Sequence[Tensor]) -> bool:
        """True if these are the parameters: where they were put, and as frozen or not as they were.

        If so, and if gradients are wanted, those that were set to None or replaced become views again.
        """
        if _places(parameters) != self._places:
            return False
        if torch.is_grad_enabled():
            for tensor, view in self._gradients:
                if tensor.grad is not view:
                    _put_gradient(tensor, view)
        return True

    def __reduce__(self) -> Any:
        return type(None), ()

    def _make_gradients(self) -> list[tuple[Tensor, Tensor]]:
        """Each leaf of several parameters, and those, with the part of one memory that is the gradient."""
        memory = torch.zeros_like(self.memory)
        parts = memory.split([leaf.numel() for leaf in self.leaves])
        pairs: list[tuple[Tensor, Tensor]] = []
        for leaf, run, part in zip(self.leaves, self.runs, parts, strict=True):
            if len(run) > 1:
                pairs += [(leaf, part), *zip(run, _unflatten_dense_tensors(part, run), strict=True)]
        return pairs


def _leaf(run: Sequence[Tensor], part: Tensor) -> Tensor:
    return run[0] if len(run) == 1 else part.detach().requires_grad_()


def _places(parameters: Sequence[Tensor]) -> list[tuple[int, bool]]:
    return [(p.data_ptr(), p.requires_grad) for p in parameters]


def _put_gradient(tensor: Tensor, view: Tensor) -> None:
    if tensor.grad is None:
        view.zero_()
    else:
        view.copy_(tensor.grad)
    tensor.grad = view
