"""Sizes of a stack of cells: the presets, and dilations that reach as far as amps remember."""

from dataclasses import dataclass
from itertools import product

from voxnas.models.genotype import reductions

REACH = 110  # samples: the sum over cells of dilation × rate


@dataclass(frozen=True)
class Size:
    """Size of a space of cells, fixed before the search; the fields are those of `CellGenotype`."""

    layers: int
    nodes: int = 4
    init_channels: int = 1
    channel_multiplier: int = 3
    fanout_concat: int = 4


SIZES = {
    "s": Size(3),
    "m": Size(10),
    "l": Size(12, init_channels=4),
    "xl": Size(20, init_channels=4),
    "xxl": Size(20, nodes=6, init_channels=8),
}


def rates(layers: int) -> list[int]:
    """Rate of each cell's nodes, in samples of the input."""
    return [2 ** sum(index >= place for place in reductions(layers)) for index in range(layers)]


def default_dilations(layers: int) -> tuple[int, ...]:
    """Dilation per cell: powers of 2 or of 4 that start again at 1 where that makes them reach furthest.

    A cell of four nodes looks back 24 times its dilation × rate at most (7 taps, node after node) and about
    8 times with random edges. All cells together come to `REACH` of these at most: at 48 kHz s to xl look
    back 28 to 54 ms at most and 4 to 27 ms with random edges, xxl, of six nodes, 80 and 18 to 39 ms.
    """

    def reach(dilations: tuple[int, ...]) -> int:
        return sum(d * rate for d, rate in zip(dilations, rates(layers), strict=True))

    patterns = [
        tuple(base ** (index % cells) for index in range(layers))
        for base, cells in product((2, 4), (1, 2, 3, 4))
    ]
    fitting = [pattern for pattern in patterns if reach(pattern) <= REACH]
    return max(fitting, key=reach, default=(1,) * layers)
