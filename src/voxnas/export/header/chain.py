"""Parts of a ConvNet and a Linear for the runtime's chain.h."""

from typing import Any

from voxnas.export.header.parts import (
    Parts,
    activation_numbers,
    bias,
    history_floats,
    join,
    settled,
    taps,
)
from voxnas.kernels.activations import name_of
from voxnas.models.conv_net import ConvNet, Linear


def parts(network: ConvNet | Linear) -> Parts:
    """C++ type and numbers of a chain: a link per convolution."""
    links, weights, floats = [], [], 128
    for index, convolution in enumerate(network.convolutions):
        module: Any = convolution
        outputs, inputs, kernel = module.weight.shape
        active = isinstance(network, ConvNet) and index < len(network.activations)
        kind = name_of(network.activation) if isinstance(network, ConvNet) and active else "Identity"
        biased = str(module.bias is not None).lower()
        links.append(f"\n    Link<{inputs}, {outputs}, {kernel}, {module.dilation}, {biased}, {kind}>")
        weights += [taps(module), bias(module)]
        if isinstance(network, ConvNet) and active:
            weights.append(activation_numbers(network.activation, network.activations[index]))
        floats += history_floats(inputs, module.past_samples)
    return Parts(
        type=f"Chain<{', '.join(links)}>",
        runtime=("conv.h", "chain.h"),
        weights=join(weights),
        silence=settled(network.initial_state()),
        state_floats=floats,
    )
