"""An optimizer that steps flat parameters leaf by leaf, and whose checkpoints know nothing of it."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch._utils import _unflatten_dense_tensors
from torch.optim import SGD, Adam, Adamax, AdamW, NAdam, Optimizer, RAdam, RMSprop

from voxnas.kernels.flat import FlatParameters

# They treat each number by itself, so that it does not matter which tensor it is a part of.
ELEMENTWISE: tuple[type[Optimizer], ...] = (Adam, AdamW, NAdam, RAdam, Adamax, RMSprop, SGD)

State = dict[str, Any]


def is_elementwise(optimizer: Optimizer, parameters: Sequence[Tensor]) -> bool:
    """True for a fresh optimizer of these parameters that does the same to any tensor made of them."""
    groups = optimizer.param_groups
    return (
        type(optimizer) in ELEMENTWISE
        and not optimizer.state
        and len(groups) == 1
        and list(map(id, groups[0]["params"])) == list(map(id, parameters))
    )


class FlatOptimizer:
    """Has an optimizer step the leaves of flat parameters, until `give_back`.

    Its state dict, saved or loaded, speaks of the parameters one by one: a run may be cut with and resumed
    without this, and the other way round. A copy is None, as of `FlatParameters`.

    Args:
        optimizer: see `is_elementwise`.
        flat: its parameters.
    """

    def __init__(self, optimizer: Optimizer, flat: FlatParameters) -> None:
        self.flat = flat
        self._optimizer: Optimizer | None = optimizer
        optimizer.param_groups[0]["params"] = list(flat.leaves)
        optimizer.register_state_dict_post_hook(self._split_state_dict)
        optimizer.register_load_state_dict_pre_hook(self._join_state_dict)

    def give_back(self, parameters: Sequence[Tensor]) -> None:
        """The optimizer steps the parameters themselves from now on, with the state that it has come to."""
        if self._optimizer is None:
            return
        state = self._optimizer.state
        parts = self._split([state.pop(leaf, {}) for leaf in self.flat.leaves])
        state.update({p: part for p, part in zip(parameters, parts, strict=True) if part})
        self._optimizer.param_groups[0]["params"] = list(parameters)
        self._optimizer = None

    def __reduce__(self) -> Any:
        return type(None), ()

    def _split(self, states: Sequence[State]) -> list[State]:
        """The leaves' states as the parameters'."""
        pairs = zip(states, self.flat.runs, strict=True)
        return [part for state, run in pairs for part in _split(state, run)]

    def _split_state_dict(self, _: Optimizer, state_dict: State) -> State | None:
        if self._optimizer is None:
            return None
        group = state_dict["param_groups"][0]
        parts = self._split([state_dict["state"].get(index, {}) for index in group["params"]])
        state = {index: part for index, part in enumerate(parts) if part}
        return {**state_dict, "state": state, "param_groups": [{**group, "params": list(range(len(parts)))}]}

    def _join_state_dict(self, _: Optimizer, state_dict: State) -> State | None:
        groups, count = state_dict["param_groups"], len(self.flat.parameters)
        if self._optimizer is None or [len(g["params"]) for g in groups] != [count]:
            return None
        states = iter([state_dict["state"].get(index, {}) for index in groups[0]["params"]])
        joined = [_join([next(states) for _ in run], run) for run in self.flat.runs]
        if None in joined:  # they have not been trained as one
            self.give_back(self.flat.parameters)
            return None
        state = {index: found for index, found in enumerate(joined) if found}
        return {
            **state_dict,
            "state": state,
            "param_groups": [{**groups[0], "params": list(range(len(joined)))}],
        }


def _split(state: State, run: Sequence[Tensor]) -> list[State]:
    """A leaf's state as that of each parameter of its run."""
    if len(run) == 1:
        return [state]
    size = sum(p.numel() for p in run)
    parts: list[State] = [{} for _ in run]
    for key, value in state.items():
        if not isinstance(value, Tensor):
            values: Sequence[Any] = [value] * len(run)
        elif value.shape == (size,):
            values = _unflatten_dense_tensors(value, run)
        else:  # a count of steps, say, that each goes on with by itself
            values = [value.clone() for _ in run]
        for part, own in zip(parts, values, strict=True):
            part[key] = own
    return parts


def _join(states: Sequence[State], run: Sequence[Tensor]) -> State | None:
    """The opposite of `_split`; None if these cannot be the parts of one leaf's state."""
    first = states[0]
    if len(run) == 1:
        return first
    if any(state.keys() != first.keys() for state in states):
        return None
    joined: State = {}
    for key, value in first.items():
        values = [state[key] for state in states]
        if isinstance(value, Tensor) and value.shape == run[0].shape:
            joined[key] = torch.cat([v.reshape(-1) for v in values])
        elif all(bool(v == value) for v in values):
            joined[key] = value
        else:
            return None
    return joined
