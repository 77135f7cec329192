"""Costs of operations: parameters, multiply-adds, or measured times, which are kept in a file."""

import hashlib
import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

from voxnas.kernels.build import FLAGS, SOURCES, cache_folder
from voxnas.records.identity import cpu_flags, cpu_model
from voxnas.search.darts.supernet import Price
from voxnas.utils.errors import InputError
from voxnas.utils.files import write_text

MODES = {"Memory": "parameters", "Compute": "multiply-adds per sample", "CPU": "µs per block of 64"}
BLOCK_SIZE = 64

Measure = Callable[[Sequence[Any]], list[float]]  # operations to µs per block


def check_mode(mode: str) -> str:
    """The mode itself; InputError if it is unknown."""
    if mode not in MODES:
        raise InputError(f"unknown nas_optimization_mode {mode!r}; one of {', '.join(MODES)}")
    return mode


def price_of(mode: str, table: Mapping[Hashable, float] | None = None) -> Price:
    """The price of an operation in a mode: its `parameters`, its `macs`, or its entry in a measured table."""
    if check_mode(mode) == "CPU":
        if table is None:
            raise InputError("nas_optimization_mode=CPU wants a table of measured costs")
        measured = dict(table)
        return lambda operation: measured[operation]
    name = "parameters" if mode == "Memory" else "macs"
    return lambda operation: float(getattr(operation, name))


def measured_costs(
    operations: Sequence[Any], measure: Measure, engine: str, beside: Path | None = None
) -> dict[Any, float]:
    """µs per block of each operation on this machine: what is known, and the rest measured and kept.

    Kept in the cache folder, under what the figures depend on: the CPU with its flags, the compiler's flags
    and the native sources.

    Args:
        operations: frozen dataclasses, whose `repr` names them.
        measure: measures those that are not known, in one go.
        engine: what plays them, as a part of the file's name.
        beside: a file that gets a copy of those asked for.
    """
    machine = {
        "cpu_model": cpu_model(),
        "cpu_flags": cpu_flags(),
        "build": _build(),
        "block_size": BLOCK_SIZE,
    }
    path = cache_folder() / f"operation-costs-{engine}-{_digest(machine)}.json"
    known = _read(path)
    missing = [operation for operation in dict.fromkeys(operations) if repr(operation) not in known]
    if missing:
        known |= dict(zip(map(repr, missing), measure(missing), strict=True))
        write_text(path, _text(machine, engine, known))
    costs = {operation: known[repr(operation)] for operation in operations}
    if beside is not None:
        write_text(beside, _text(machine, engine, {repr(key): cost for key, cost in costs.items()}))
    return costs


def _text(machine: Mapping[str, Any], engine: str, costs: Mapping[str, float]) -> str:
    return json.dumps({**machine, "engine": engine, "us_per_block": dict(costs)}, indent=1) + "\n"


def _read(path: Path) -> dict[str, float]:
    """Kept costs; empty where the file cannot be read, so that they are measured again."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["us_per_block"]
        return {str(key): float(cost) for key, cost in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _build() -> str:
    """Hash of the sources and flags of the native code."""
    sources = [path.read_bytes() for path in sorted(SOURCES.glob("*.[ch]*"))]
    return hashlib.sha256(b"\0".join([*sources, " ".join(FLAGS).encode()])).hexdigest()[:16]


def _digest(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
