"""Limits that a candidate is held to before any training."""

from collections.abc import Callable
from dataclasses import dataclass

from voxnas.models.base import Network
from voxnas.search.cost import Cost
from voxnas.utils.errors import InputError


@dataclass(frozen=True)
class Violation:
    """The limit that a network breaks, such as `max_params 5000`, and the reason, which holds the figure."""

    limit: str
    reason: str


def violation(
    network: Network,
    sample_rate: float,
    cost: Callable[[], Cost] | None = None,
    *,
    max_latency_ms: float | None = None,
    max_params: int | None = None,
    min_params: int | None = None,
    max_macs: int | None = None,
    max_cpu_rtf: float | None = None,
    min_cpu_rtf: float | None = None,
    max_us_per_block: float | None = None,
) -> Violation | None:
    """Why a network is rejected, or None if it is within all limits that are set.

    `cost` tells what the network costs. It is asked if a limit of cost is set and no other is broken.

    Raises:
        InputError: a limit of cost that nothing can keep; what `cost` raises.
    """
    latency, parameters, macs = (
        network.latency_ms(sample_rate),
        network.num_parameters,
        network.macs_per_sample,
    )
    found = (
        _above("max_latency_ms", max_latency_ms, latency, f"latency {latency:.2f} ms")
        or _above("max_params", max_params, parameters, f"{parameters} parameters")
        or _above("max_macs", max_macs, macs, f"{macs} MACs per sample")
        or _below("min_params", min_params, parameters, f"{parameters} parameters")
    )
    limits = {
        "max_cpu_rtf": max_cpu_rtf,
        "min_cpu_rtf": min_cpu_rtf,
        "max_us_per_block": max_us_per_block,
    }
    for name, limit in limits.items():
        if limit is not None and not (isinstance(limit, int | float) and limit > 0):
            raise InputError(f"constraints.{name}={limit}: give a number above 0, or null for no limit")
    if found or cost is None or all(limit is None for limit in limits.values()):
        return found
    return _too_dear_or_cheap(cost(), max_cpu_rtf, min_cpu_rtf, max_us_per_block)


def _too_dear_or_cheap(
    cost: Cost, max_cpu_rtf: float | None, min_cpu_rtf: float | None, max_us_per_block: float | None
) -> Violation | None:
    at = f"at block {cost.block_size}"
    us = cost.us_per_block
    return (
        _above("max_cpu_rtf", max_cpu_rtf, cost.cpu_rtf, f"cpu_rtf {cost.cpu_rtf:.4g} {at}")
        or _above("max_us_per_block", max_us_per_block, us, f"{us:.4g} µs {at}")
        or _below("min_cpu_rtf", min_cpu_rtf, cost.cpu_rtf, f"cpu_rtf {cost.cpu_rtf:.4g} {at}")
    )


def _above(name: str, limit: float | None, value: float, shown: str) -> Violation | None:
    broken = limit is not None and value > limit
    return Violation(f"{name} {limit}", f"{shown} > {name} {limit}") if broken else None


def _below(name: str, limit: float | None, value: float, shown: str) -> Violation | None:
    broken = limit is not None and value < limit
    return Violation(f"{name} {limit}", f"{shown} < {name} {limit}") if broken else None
