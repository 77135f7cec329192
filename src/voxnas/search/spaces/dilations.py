"""Dilations of a stack of layers, as progressions that may start again."""

import math
from collections.abc import Sequence
from itertools import count


def powers(base: int, layers: int) -> list[int]:
    """Powers 1, base, base², …: as many as there are layers."""
    return [base**i for i in range(layers)]


def spread(ratio: float, layers: int) -> list[int]:
    """Numbers from 1 without a common factor: 1, 3, 7, 17, 40, 97, … for a ratio of 2.3.

    Each is the smallest that is at least `ratio` times the one before, larger than it, and shares no factor
    with any before. No tap of one layer then falls on a multiple of another's.
    """
    found, product = [1], 1
    while len(found) < layers:
        least = max(found[-1] + 1, math.ceil(ratio * found[-1]))
        following = next(d for d in count(least) if math.gcd(d, product) == 1)
        found.append(following)
        product *= following
    return found


def cycled(progression: Sequence[int], cycle: int, layers: int, offset: int = 0) -> list[int]:
    """The first `cycle` numbers of a progression again and again, one per layer, from that at `offset` on."""
    return [progression[(offset + i) % cycle] for i in range(layers)]
