"""Weights of a program that is trained: which tensors they are, in one flat list, and where each begins."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from voxnas.kernels.graph import Step
from voxnas.kernels.graph_parts import MOST_POWERS, powers_of


def weights_of(steps: Sequence[Step]) -> list[Any]:
    """What the steps are made of, in the order of the flat list; all tensors where they can be trained."""
    return [part for step in steps for part in _parts(step).values()]


def places_of(steps: Sequence[Step]) -> dict[tuple[int, str], int]:
    """Where in the flat list, or among an item's turns, each step's parts begin, by its id and their name."""
    places, at, turned = {}, 0, 0
    for step in steps:
        if step.kind == "film":
            places[id(step), "turns"] = turned
            turned += 2 * step.channels
        for name, part in _parts(step).items():
            places[id(step), name] = at
            at += size_of(part)
    return places


def size_of(part: Any) -> int:
    """Numbers that a part has."""
    return int(np.prod(part.shape))


def _parts(step: Step) -> Mapping[str, Any]:
    """The parts by name; what a film learns is not among them, since it depends on the item."""
    if step.kind == "film":
        return {}
    if step.kind == "activation":
        return {} if step.weight is None else {"slopes": step.weight}
    if step.kind == "diagonal":
        powers = trained_powers(step.modes) if isinstance(step.modes, Tensor) else step.modes
        return {"weight": powers, "bias": step.state}
    if step.kind == "select":
        names = [f"{name} {index}" for index in range(len(step.layers)) for name in ("weight", "bias")]
        return dict(zip(names, (part for layer in step.layers for part in layer), strict=True))
    return {name: part for name in ("weight", "bias") if (part := getattr(step, name)) is not None}


def trained_powers(modes: Tensor) -> Tensor:
    """Per mode λ^k - 1, as `powers_of` has them, `(modes, 2, powers)` in float32.

    Gradients are those of λ itself, by the first power; native code counts the others as a part of it.
    """
    rest = torch.from_numpy(powers_of(modes.detach().cpu().numpy())).view(-1, 2, MOST_POWERS)[..., 1:]
    first = torch.stack([modes.real - 1, modes.imag], dim=1).unsqueeze(-1)
    return torch.cat([first, rest], dim=-1).float()
