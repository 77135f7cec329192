"""Features of a candidate: what its architecture and its figures say, as numbers, whatever its kind.

Every leaf of an architecture goes by the keys that lead to it. Where a list holds several, as of a network's
layers, their number, extremes, ends and mean count, numbers by their logarithm; of words the share of each.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from voxnas.records.pareto import Array

FIGURE = "figure "  # before the names of those that are not of the architecture
IGNORED = ("name",)  # keys of an architecture that shape nothing

Features = dict[str, float]


def features(architecture: Mapping[str, Any], shape: Mapping[str, Any]) -> Features:
    """Features by name; `shape` has further figures of the network that are known before training."""
    leaves: dict[str, list[Any]] = {}
    for key, value in _leaves("", architecture):
        leaves.setdefault(key, []).append(value)
    found: Features = {}
    for key, values in leaves.items():
        numbers = [value for value in values if _is_number(value)]
        if numbers:
            found |= {f"{key} {name}": value for name, value in _summary(numbers).items()}
        words = [str(value) for value in values if not _is_number(value)]
        for word in set(words):
            found[f"{key}={word}"] = words.count(word) / len(values)
    figures = {f"{FIGURE}{name}": _scaled(value) for name, value in shape.items() if _is_number(value)}
    return found | figures


def as_table(rows: Sequence[Features], names: Sequence[str]) -> Array:
    """The features of these names, `(rows, names)`; 0 for what a row does not have."""
    return np.array([[row.get(name, 0.0) for name in names] for row in rows]).reshape(len(rows), len(names))


def _leaves(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name not in IGNORED:
                yield from _leaves(f"{key}.{name}" if key else str(name), inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(key, inner)
    else:
        yield key, value


def _summary(numbers: Sequence[float]) -> Features:
    scaled = [_scaled(number) for number in numbers]
    summary = {"first": scaled[0], "last": scaled[-1], "mean": float(np.mean(scaled))}
    return summary | {"least": min(scaled), "most": max(scaled), "count": float(len(scaled))}


def _scaled(number: float) -> float:
    return float(np.sign(number) * np.log1p(abs(number)))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))
