"""Limits that a candidate is held to before any training."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from voxnas.problems.base import Figure
from voxnas.search.cost.base import Cost
from voxnas.utils.errors import InputError

SHORT = {"params": "parameters", "macs": "macs_per_sample"}  # names of limits for those of figures
LOWEST, HIGHEST = "min_", "max_"


@dataclass(frozen=True)
class Violation:
    """The limit that a network breaks, such as `max_params 5000`, and the reason, which holds the figure."""

    limit: str
    reason: str


def violation(
    shape: Mapping[str, Any],
    limits: Mapping[str, Any],
    known: Mapping[str, Figure] | None = None,
    cost: Callable[[], Cost] | None = None,
    costs: tuple[str, ...] = (),
) -> Violation | None:
    """Reason for which a network is rejected, or None if it is within all limits that are set.

    Args:
        shape: its figures, see `Problem.shape`.
        limits: `max_<figure>` or `min_<figure>`; None for no limit.
        known: how a figure is said.
        cost: tells what the network costs; asked if a limit of cost is set and no other is broken.
        costs: the names of the figures that it tells.

    Raises:
        InputError: a limit of what is no figure, or that nothing can keep; what `cost` raises.
    """
    set_limits = {name: value for name, value in limits.items() if value is not None}
    of_cost = {name: value for name, value in set_limits.items() if _figure(name) in costs}
    for name, value in of_cost.items():
        if not (isinstance(value, int | float) and value > 0) or math.isnan(value):
            raise InputError(f"constraints.{name}={value}: give a number above 0, or null for no limit")
    of_shape = [name for name in set_limits if name not in of_cost]
    for name in sorted(of_shape, key=lambda name: name.startswith(LOWEST)):
        figure = _figure(name)
        if figure not in shape:
            there = ", ".join(sorted({*shape, *costs}))
            raise InputError(f"constraints.{name}: a candidate has no figure `{figure}`; there are {there}")
        said = (known or {}).get(figure, Figure()).say(figure, shape[figure])
        if broken := _broken(name, set_limits[name], shape[figure], said):
            return broken
    if not of_cost or cost is None:
        return None
    told = cost()
    figures = told.figures
    found = (_broken(n, v, figures[_figure(n)], told.said.get(_figure(n), n)) for n, v in of_cost.items())
    return next((broken for broken in found if broken), None)


def _figure(limit: str) -> str:
    name = limit.removeprefix(LOWEST).removeprefix(HIGHEST)
    return SHORT.get(name, name)


def _broken(name: str, limit: float, value: float, said: str) -> Violation | None:
    above = name.startswith(HIGHEST)
    if (value > limit) if above else (value < limit):
        return Violation(f"{name} {limit}", f"{said} {'>' if above else '<'} {name} {limit}")
    return None
