"""Reader of the layer arrays in the `config` of a `.nam` file; nam_array_read.py reads each of them."""

from dataclasses import dataclass
from typing import Any

from voxnas.export.nam_activation import Slopes
from voxnas.export.nam_array_read import (
    expect,
    films_of,
    is_off,
    refuse_what_we_cannot_play,
    shape_of,
    size,
)
from voxnas.export.nam_config import slopes_name
from voxnas.models.film import Film
from voxnas.models.layer_array import LayerArray
from voxnas.utils.errors import InputError

MAX_ARRAYS = 16


@dataclass(frozen=True)
class Arrays:
    """Layer arrays of a file: their shapes, each one's FiLMs by the slot, and the groups of its mix-in.

    `slopes` are those of PReLUs, by the names that WaveNet's parameters have.
    """

    shapes: list[LayerArray]
    films: list[dict[str, Film]]
    mixin_groups: list[int]
    slopes: dict[str, Slopes]


def from_config(config: Any, condition_size: int = 1) -> Arrays:
    """The layer arrays of a `config` whose condition has so many channels.

    InputError naming the key that is missing, malformed or beyond what we play.
    """
    expect(isinstance(config, dict), "config", "is not an object")
    for key in sorted(set(config) - {"layers", "head", "head_scale", "condition_dsp"}):
        expect(is_off(config[key]) or (key == "in_channels" and config[key] == 1), f"config.{key}")
    layers = config.get("layers")
    if not isinstance(layers, list) or not 1 <= len(layers) <= MAX_ARRAYS:
        raise InputError(f"config.layers is a list of 1 to {MAX_ARRAYS} layer arrays")
    found = Arrays([], [], [], {})
    for index, layer in enumerate(layers):
        at = f"config.layers[{index}]"
        expect(isinstance(layer, dict), at, "is not an object")
        input_size = found.shapes[-1].channels if found.shapes else 1
        refuse_what_we_cannot_play(layer, at, input_size, condition_size)
        shape, own = shape_of(layer, at)
        found.shapes.append(shape)
        found.films.append(films_of(layer, at))
        found.mixin_groups.append(_mixin_groups(layer, at, condition_size))
        found.slopes.update({slopes_name(index, *of): values for of, values in own.items()})
    return found


def _mixin_groups(layer: dict[str, Any], at: str, condition_size: int) -> int:
    groups = size(layer.get("groups_input_mixin", 1), f"{at}.groups_input_mixin")
    expect(condition_size % groups == 0, f"{at}.groups_input_mixin", f"do not divide {condition_size}")
    return groups
