"""µs per block of the operations of a WaveNet, from stacks of equal layers that differ in their number."""

from collections.abc import Sequence
from statistics import median

from voxnas.engine.benchmark import side_by_side
from voxnas.engine.make import make_engine
from voxnas.models.from_genotype import network_of
from voxnas.models.genotype import LayerChoice, WaveNetGenotype
from voxnas.search.darts.costs import BLOCK_SIZE
from voxnas.search.darts.wavenet_operations import WaveNetOperation

FEW, MANY = 2, 8  # layers
DILATION = 16  # samples
SAMPLE_RATE = 48_000  # Hz; the time per block is the same at any


def measure_wavenet_operations(operations: Sequence[WaveNetOperation], engine: str = "auto") -> list[float]:
    """Costs in µs per block: of a layer its share of what eight take longer than two, of "ends" the rest.

    The stacks of all operations play in turns, so that other load on the machine meets all alike.
    """
    layers = [operation for operation in operations if operation.kind == "layer"]
    channels = {operation.channels for operation in operations} - {layer.channels for layer in layers}
    layers += [WaveNetOperation("layer", count, kernel_size=3) for count in sorted(channels)]
    stacks = [make_engine(_stack(layer, count), engine) for layer in layers for count in (FEW, MANY)]
    timings = side_by_side(stacks, [SAMPLE_RATE] * len(stacks), [BLOCK_SIZE])
    took_us = [1000 * timing.median_ms for (timing,) in timings]
    per_layer = {
        layer: max(0.0, (many - few) / (MANY - FEW))
        for layer, few, many in zip(layers, took_us[::2], took_us[1::2], strict=True)
    }
    rest: dict[int, list[float]] = {}
    for layer, few in zip(layers, took_us[::2], strict=True):
        rest.setdefault(layer.channels, []).append(few - FEW * per_layer[layer])
    ends = {channels: max(0.0, median(found)) for channels, found in rest.items()}
    return [per_layer[o] if o.kind == "layer" else ends[o.channels] for o in operations]


def _stack(layer: WaveNetOperation, count: int):  # type: ignore[no-untyped-def]
    choice = LayerChoice(layer.kernel_size, DILATION, layer.activation, layer.gated)
    return network_of(WaveNetGenotype(layer.channels, (choice,) * count))
