"""Work of a WaveNet in the plug-in's engine per block, counted in the steps that the engine takes.

The engine is C++ on Eigen. Every convolution tap and every 1×1 is a matrix product, (outputs × inputs) ·
(inputs × samples of the block). Such a product has a cost per call; the weights and the input are packed
(Eigen packs inputs four at a time, those left over singly); and the outputs are computed in strips as wide as
one to three vector registers, then narrower ones, the rest row by row, each strip once per input. Hence 12
channels can cost more than 16. Activations run over all samples at once and cost by element; a gated layer is
activated sample by sample, in strips over its channels. (K. Goto, R. van de Geijn, "Anatomy of
High-Performance Matrix Multiplication", 2008, is what Eigen's product follows.)
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from voxnas.kernels.activations import name_of
from voxnas.models.layer_array import LayerArray


@dataclass(frozen=True)
class Build:
    """Build of the engine: the widths, in floats, of its strips of outputs and of activations."""

    strips: tuple[int, ...]
    activation_strips: tuple[int, ...]


BUILDS = {
    "default": Build((12, 8, 4, 1), (4, 1)),  # SSE2, which every x86-64 compiler uses unasked
    "avx512": Build((48, 32, 16, 8, 4, 1), (16, 8, 4, 1)),
}
PLAIN = {"ReLU", "LeakyReLU", "Hardtanh", "Softsign"}
WITH_EXP = {"Tanh", "Sigmoid", "SiLU"}


def work(shapes: Sequence[LayerArray], build: Build) -> Counter[str]:
    """Count of each step per block, by the step's name; the coefficients are per step."""
    steps: Counter[str] = Counter()
    inputs = 1
    for shape in shapes:
        channels = shape.channels
        _product(steps, "1x1", channels, inputs, build)
        for kernel_size, activation, gated in zip(
            shape.kernel_sizes, shape.activations, shape.gated, strict=True
        ):
            outputs = 2 * channels if gated else channels
            _product(steps, "tap", outputs, channels, build, times=kernel_size)
            _product(steps, "1x1", outputs, 1, build)  # the condition
            _product(steps, "1x1", channels, channels, build)  # to the residual path
            _activation(steps, channels, name_of(activation), gated, build)
        _product(steps, "1x1", shape.head_size, channels, build)
        _product(steps, "tap", shape.head_size, channels, build, times=shape.head_kernel_size - 1)
        inputs = channels
    return +steps  # without zeros


def _product(steps: Counter[str], kind: str, outputs: int, inputs: int, build: Build, times: int = 1) -> None:
    steps[f"{kind}: product"] += times
    steps[f"{kind}: single input"] += times * (inputs % 4)
    steps[f"{kind}: weight"] += times * outputs * inputs
    for width, count in _strips(outputs, build.strips):
        steps[f"{kind}: strip of {width}"] += times * count * inputs


def _activation(steps: Counter[str], channels: int, activation: str, gated: bool, build: Build) -> None:
    steps["layer"] += 1
    steps["channel"] += channels
    if not gated:
        steps[activation] += channels
        return
    steps["gated layer"] += 1
    kind = "exponential" if activation in WITH_EXP else "plain"
    for width, count in _strips(channels, build.activation_strips):
        steps[f"gate: {kind} row" if width == 1 else f"gate: strip of {width}"] += count


def _strips(size: int, widths: Sequence[int]) -> list[tuple[int, int]]:
    """The widths that `size` is cut into, the widest first, and how many of each."""
    cut = []
    for width in widths:
        count, size = divmod(size, width)
        cut.append((width, count))
    return cut
