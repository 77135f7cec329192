"""The ranges and options of a space of WaveNets: the widest that there are, and a user's, checked."""

from collections.abc import Iterable, Sequence
from typing import Any

from voxnas.utils.errors import InputError

MOST_ARRAYS, MOST_LAYERS, MOST_CHANNELS = 3, 64, 32  # layers and channels of an array
KERNEL_SIZES = (2, 16)  # lowest and highest
HEAD_KERNEL_SIZES = range(1, 17)
WIDTHS = {
    "free": 0.0,
    "same": 1.0,
    "three-quarters": 0.75,
    "half": 0.5,
}  # of the array before, where not free


def checked_range(what: str, values: Iterable[int], least: int, most: int) -> tuple[int, int]:
    """The lowest and the highest, which a number is both; InputError unless from `least` to `most`."""
    pair = tuple(values) if isinstance(values, Iterable) else (values, values)
    if len(pair) != 2 or any(type(v) is not int for v in pair) or not least <= pair[0] <= pair[1] <= most:
        raise InputError(
            f"space: {what}={list(pair)}: give the lowest and the highest, from {least} to {most}"
        )
    return pair[0], pair[1]


def checked_options(what: str, values: Any, known: Sequence[Any]) -> tuple[Any, ...]:
    """Options, each once, or a single one; InputError unless all are `known`."""
    options = (values,) if isinstance(values, str | int) else tuple(dict.fromkeys(values))
    if not options or any(value not in known or type(value) is not type(known[0]) for value in options):
        raise InputError(f"space: {what}={list(options)}: choose from {', '.join(map(str, known))}")
    return options
