"""Work of a network in the plug-in's engine per block, counted in the steps that the engine takes.

Activations run over all samples at once and cost by element; a gated or blended layer is activated sample by
sample, in strips over its channels. An LSTM takes one matrix and vector product per layer and sample.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from voxnas.engine.cost.steps import WITH_EXP, Build, count_product, strips
from voxnas.kernels.activations import name_of
from voxnas.models.layer_array import LayerArray


def wavenet_work(shapes: Sequence[LayerArray], build: Build) -> Counter[str]:
    """Count of each step per block of a WaveNet, by the step's name; the coefficients are per step."""
    steps: Counter[str] = Counter()
    inputs = 1
    for shape in shapes:
        count_product(steps, "1x1", shape.channels, inputs, build)
        for layer in zip(shape.kernel_sizes, shape.activations, shape.gating, strict=True):
            _layer(steps, shape, *layer, build)
        summed = shape.head1x1_channels or shape.bottleneck
        count_product(steps, "1x1", shape.head_size, summed, build)
        count_product(steps, "tap", shape.head_size, summed, build, times=shape.head_kernel_size - 1)
        inputs = shape.channels
    return +steps  # without zeros


def conv_net_work(architecture: Mapping[str, Any], build: Build) -> Counter[str]:
    """Count of each step per block of a chain of convolutions, of `ConvNet.architecture`."""
    steps: Counter[str] = Counter()
    inputs, channels = 1, architecture["channels"]
    for kernel_size in architecture["kernel_size"]:
        count_product(steps, "tap", channels, inputs, build, times=kernel_size)
        steps["convolution"] += 1
        steps["convolution: channel"] += channels
        steps[name_of(architecture["activation"])] += channels
        inputs = channels
    count_product(steps, "1x1", 1, inputs, build)
    return +steps


def lstm_work(num_layers: int, hidden_size: int, build: Build) -> Counter[str]:
    """Count of each step per block of an LSTM whose layers are all as wide."""
    steps: Counter[str] = Counter()
    inputs, gates = 1, 4 * hidden_size
    for _ in range(num_layers):
        steps["lstm: layer"] += 1
        steps["lstm: unit"] += hidden_size
        steps["lstm: weight"] += gates * (inputs + hidden_size)
        for width, count in strips(gates, build.strips):
            steps[f"lstm: strip of {width}"] += count * (inputs + hidden_size)
        for width, count in strips(hidden_size, build.activation_strips):
            steps[f"lstm: activated strip of {width}"] += count
        inputs = hidden_size
    return +steps


def _layer(
    steps: Counter[str], shape: LayerArray, kernel_size: int, activation: Any, gating: str, build: Build
) -> None:
    channels, inner = shape.channels, shape.bottleneck
    outputs = inner if gating == "none" else 2 * inner
    count_product(steps, "tap", outputs, channels, build, times=kernel_size)
    count_product(steps, "1x1", outputs, 1, build)  # the condition
    if shape.layer1x1:
        count_product(steps, "1x1", channels, inner, build)  # to the residual path
    if shape.head1x1_channels:
        count_product(steps, "1x1", shape.head1x1_channels, inner, build)
    _activation(steps, inner, name_of(activation), gating, build)


def _activation(steps: Counter[str], channels: int, activation: str, gating: str, build: Build) -> None:
    steps["layer"] += 1
    steps["channel"] += channels
    if gating == "none":
        steps[activation] += channels
        return
    steps["gated layer"] += 1
    if gating == "blended":
        steps["blended channel"] += channels
    kind = "exponential" if activation in WITH_EXP else "plain"
    for width, count in strips(channels, build.activation_strips):
        steps[f"gate: {kind} row" if width == 1 else f"gate: strip of {width}"] += count
