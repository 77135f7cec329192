"""Choices of networks made of arrays of layers, as the importance of choices has them."""

from collections.abc import Mapping
from typing import Any

PER_ARRAY = (
    *("channels", "kernel_sizes", "kernel_size", "dilations", "activations", "activation"),
    *("gating", "head_kernel_size"),
)
SINGULAR = {"kernel_sizes": "kernel_size", "activations": "activation", "dilations": "reach"}


def architecture_choices(values: Mapping[str, Any]) -> dict[str, Any]:
    """The choices of an architecture, by name.

    Of a network of several arrays each array's choices are of their own (`array 2 channels`); dilations are
    summed, for that is how far an array reaches.
    """
    arrays = values.get("layer_arrays")
    if not isinstance(arrays, list):
        own = {name: value for name, value in values.items() if name not in ("layer_arrays", "name")}
        return {_words(name): _reach(name, value) for name, value in own.items()}
    row: dict[str, Any] = {"type": values.get("type"), "arrays": len(arrays)}
    for number, array in enumerate(arrays, 1):
        prefix = f"array {number} " if len(arrays) > 1 else ""
        row[f"{prefix}layers"] = len(array["dilations"])
        row |= {prefix + _words(name): _reach(name, array[name]) for name in PER_ARRAY if name in array}
    return row


def _words(name: str) -> str:
    return SINGULAR.get(name, name).replace("_", " ")


def _reach(name: str, value: Any) -> Any:
    return sum(value) if name == "dilations" and isinstance(value, list) else value
