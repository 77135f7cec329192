"""Steps that the plug-in's engine takes per block, and how often: the units of its cost.

The engine is C++ on Eigen. Every convolution tap and every 1×1 is a matrix product, (outputs × inputs) ·
(inputs × samples of the block). Such a product has a cost per call; the weights and the input are packed
(Eigen packs inputs four at a time, those left over singly); and the outputs are computed in strips as wide as
one or more vector registers, then narrower ones, the rest row by row, each strip once per input. Hence 12
channels can cost more than 16, and 3 more than 4. (K. Goto, R. van de Geijn, "Anatomy of High-Performance
Matrix Multiplication", 2008, is what Eigen's product follows.)
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

PLAIN = {"ReLU", "LeakyReLU", "PReLU", "Hardtanh", "Softsign"}
WITH_EXP = {"Tanh", "Sigmoid", "SiLU"}


@dataclass(frozen=True)
class Build:
    """Build of the engine: the widths, in floats, of its strips of outputs and of activations."""

    strips: tuple[int, ...]
    activation_strips: tuple[int, ...]


BUILDS = {
    "default": Build((12, 8, 4, 1), (4, 1)),  # SSE2, which every x86-64 compiler uses unasked
    "avx512": Build((16, 8, 4, 1), (16, 8, 4, 1)),
}


def count_product(
    steps: Counter[str], kind: str, outputs: int, inputs: int, build: Build, times: int = 1
) -> None:
    """Adds the steps of so many matrix products of a kind, "tap" or "1x1"."""
    steps[f"{kind}: product"] += times
    steps[f"{kind}: single input"] += times * (inputs % 4)
    steps[f"{kind}: weight"] += times * outputs * inputs
    for width, count in strips(outputs, build.strips):
        steps[f"{kind}: strip of {width}"] += times * count * inputs


def strips(size: int, widths: Sequence[int]) -> list[tuple[int, int]]:
    """The widths that `size` is cut into, the widest first, and how many of each."""
    cut = []
    for width in widths:
        count, size = divmod(size, width)
        cut.append((width, count))
    return cut
