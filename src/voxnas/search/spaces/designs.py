"""Designs of WaveNets, as configs write models, turned back into the choices that lead to them in a space."""

from collections.abc import Mapping, Sequence
from typing import Any

from voxnas.kernels.activations import TRAINED
from voxnas.models.layer_array import LayerArray
from voxnas.search.spaces.base import Value
from voxnas.search.spaces.pattern_choices import pattern_choices
from voxnas.search.spaces.ranges import (
    HEAD_KERNEL_SIZES,
    KERNEL_SIZES,
    MOST_ARRAYS,
    MOST_CHANNELS,
    MOST_LAYERS,
    WIDTHS,
)
from voxnas.utils.errors import InputError

REQUIRED = ("channels", "dilations")
KEYS = (*REQUIRED, "kernel_size", "activation", "gating", "head_kernel_size")
GATED = {"none": False, "gated": True}


def starts_of(
    designs: Mapping[str, Mapping[str, Any]], names: str | Sequence[str] | None
) -> list[dict[str, Value]]:
    """Choices of the designs of these names, or of all for None. InputError for a name without a design."""
    wanted = [names] if isinstance(names, str) else list(designs if names is None else names)
    return [_start(designs, name) for name in wanted]


def _start(designs: Mapping[str, Mapping[str, Any]], name: str) -> dict[str, Value]:
    if name not in designs:
        raise InputError(f"space: starts: there is no design {name}; choose from {', '.join(designs)}")
    try:
        return choices_of(**designs[name])
    except (InputError, TypeError) as error:  # the latter: neither lists nor mappings, where they should be
        raise InputError(f"design {name}: {error}") from error


def choices_of(layer_arrays: Sequence[Mapping[str, Any]]) -> dict[str, Value]:
    """Choices of a `PluginSpace`, by name, that lead to a design; none for what it leaves to chance.

    Where several make the same dilations, `pattern_choices` says which of them these are.

    Args:
        layer_arrays: per array the arguments of `LayerArray.of` that `KEYS` lists, with its defaults for what
            is missing. None leaves to chance all but dilations. An array after the first has as channels a
            number, which counts as a width of "free", or an option of `WIDTHS`. A list of kernel sizes is for
            a space with `kernel_per_layer`, a number for one without.

    Raises:
        InputError: a design that no choices lead to.
    """
    if not 1 <= len(layer_arrays) <= MOST_ARRAYS:
        raise InputError(f"{len(layer_arrays)} layer arrays: give 1 to {MOST_ARRAYS}")
    stacks = [_dilations(array) for array in layer_arrays]
    choices: dict[str, Value] = {"arrays": len(layer_arrays)}
    for number, pattern in enumerate(pattern_choices(stacks), 1):
        array = layer_arrays[number - 1]
        own: dict[str, Any] = {"layers": len(array["dilations"]), **pattern, **_layer_choices(array)}
        own |= _width_choices(array["channels"], is_first=number == 1)
        choices |= {f"array{number}.{name}": value for name, value in own.items()}
    return choices


def _dilations(array: Mapping[str, Any]) -> list[int]:
    for key in REQUIRED:
        if key not in array:
            raise InputError(f"{key} is missing in a layer array")
    for key in array:
        if key not in KEYS:
            raise InputError(f"{key} is nothing that the space chooses: leave it out")
    dilations = list(array["dilations"])
    if not 1 <= len(dilations) <= MOST_LAYERS:
        raise InputError(f"{len(dilations)} dilations: give 1 to {MOST_LAYERS}")
    return dilations


def _width_choices(channels: Any, is_first: bool) -> dict[str, Value]:
    if channels is None:
        return {}
    if type(channels) is int and 1 <= channels <= MOST_CHANNELS:
        return {"channels": channels} if is_first else {"width": "free", "channels": channels}
    if not is_first and channels in WIDTHS:
        return {"width": channels}
    words = "" if is_first else f" or one of {', '.join(WIDTHS)}"
    raise InputError(f"channels={channels}: give a number from 1 to {MOST_CHANNELS}, null{words}")


def _layer_choices(array: Mapping[str, Any]) -> dict[str, Value]:
    """Choices of all but channels and dilations."""
    said = {key: value for key, value in array.items() if value is not None}
    shape = LayerArray.of(**{**said, "channels": 1})
    head = [shape.head_kernel_size]
    choices: dict[str, dict[str, Value]] = {
        "kernel_size": _kernel_choices(shape.kernel_sizes, isinstance(said.get("kernel_size"), Sequence)),
        "activation": {"activation": _one("activation", shape.activations, TRAINED)},
        "gating": {"gated": GATED[_one("gating", shape.gating, tuple(GATED))]},
        "head_kernel_size": {"head_kernel_size": _one("head_kernel_size", head, HEAD_KERNEL_SIZES)},
    }
    return {n: v for key in choices if key in said or key not in array for n, v in choices[key].items()}


def _kernel_choices(sizes: Sequence[int], per_layer: bool) -> dict[str, Value]:
    low, high = KERNEL_SIZES
    if not low <= min(sizes) <= max(sizes) <= high:
        raise InputError(f"kernel_size={list(sizes)}: give {low} to {high}")
    if not per_layer:
        return {"kernel_size": sizes[0]}
    return {f"layer{number}.kernel_size": size for number, size in enumerate(sizes, 1)}


def _one(key: str, values: Sequence[Any], known: Sequence[Any]) -> Any:
    """The one value of all layers."""
    first = values[0]
    if first not in known or any(value != first for value in values):
        raise InputError(f"{key}={first}: give one for all layers, of {', '.join(map(str, known))}")
    return first
