"""Assignment of layers to places of a stack, in their order, with the best fit."""

import math
from collections.abc import Sequence

from voxnas.utils.errors import InputError


def best_places(fit: Sequence[Sequence[float]]) -> list[int]:
    """The ascending places, one per layer, with the largest sum of `fit[layer][place]`.

    -inf stands for what cannot be. By dynamic programming: the best of the first layers in the first places.
    Raises InputError if nothing fits.
    """
    layers, places = len(fit), len(fit[0])
    best = [[0.0] * (places + 1)] + [[-math.inf] * (places + 1) for _ in range(layers)]
    for layer in range(1, layers + 1):
        for place in range(1, places + 1):
            taken = best[layer - 1][place - 1] + fit[layer - 1][place - 1]
            best[layer][place] = max(best[layer][place - 1], taken)
    if best[layers][places] == -math.inf:
        raise InputError("the genotype is not in this space: its layers fit no places of the stack")
    found, place = [], places
    for layer in range(layers, 0, -1):
        while best[layer][place] == best[layer][place - 1]:
            place -= 1
        place -= 1
        found.append(place)
    return found[::-1]
