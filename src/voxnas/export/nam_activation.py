"""An activation in a `.nam` file's `config`: a name, or an object of its type and its constants.

PReLU's slopes are such constants there: `negative_slopes`, one per channel, or `negative_slope` for all.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from voxnas.kernels.activations import DEFAULTS, Spec, name_of, parameters_of
from voxnas.models.activations import check_activation
from voxnas.utils.errors import InputError

DEFAULT_SLOPE = 0.01  # of a PReLU that does not tell
_FIXED = {"Hardtanh": {"min_val": -1, "max_val": 1}}  # may be said, but cannot be otherwise

Slopes = float | list[float]  # for all channels, or one per channel


def to_object(spec: Spec, slopes: Sequence[float] | None) -> dict[str, Any]:
    """Object of an activation in the new layout; `slopes` are a PReLU's."""
    if slopes is not None:
        return {"type": "PReLU", "negative_slopes": list(slopes)}
    return {"type": name_of(spec), **parameters_of(spec)}


def has_defaults(activation: dict[str, Any]) -> bool:
    """True if the name alone describes what `to_object` made, as it must in the old layout."""
    if activation["type"] == "PReLU":
        return bool(np.all(np.float32(activation["negative_slopes"]) == np.float32(DEFAULT_SLOPE)))
    return activation == {"type": activation["type"], **DEFAULTS.get(activation["type"], {})}


def from_value(value: Any, channels: int, at: str) -> tuple[Spec, Slopes | None]:
    """The activation, and its slopes if it is a PReLU; InputError naming `at` on what cannot be played."""
    given = dict(value) if isinstance(value, dict) else {"type": value}
    name = given.get("type")
    slopes = _slopes(given, channels, at) if name == "PReLU" else None
    for key, fixed in (_FIXED.get(name, {}) if isinstance(name, str) else {}).items():
        number = given.pop(key, fixed)
        if isinstance(number, bool) or number != fixed:
            raise InputError(f"{at}.{key} = {str(number)[:40]} cannot be played; {name}'s is {fixed}")
    try:
        return check_activation(given), slopes
    except InputError as error:
        raise InputError(f"{at}: {error}") from error


def _slopes(given: dict[str, Any], channels: int, at: str) -> Slopes:
    if {"negative_slope", "negative_slopes"} <= set(given):
        raise InputError(f"{at}.negative_slopes stands beside negative_slope")
    if "negative_slopes" not in given:
        return _slope(given.pop("negative_slope", DEFAULT_SLOPE), f"{at}.negative_slope")
    slopes = given.pop("negative_slopes")
    if not isinstance(slopes, list) or len(slopes) != channels:
        raise InputError(f"{at}.negative_slopes is not a list of {channels} numbers, one per channel")
    return [_slope(slope, f"{at}.negative_slopes") for slope in slopes]


def _slope(value: Any, at: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e6:
        raise InputError(f"{at} is no sensible number: {str(value)[:40]}")
    return float(value)
