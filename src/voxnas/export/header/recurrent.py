"""Parts of an LSTM and a GRU for the runtime's recurrent.h."""

from collections.abc import Iterator

import numpy as np

from voxnas.export.header.parts import Array, Parts, join, numbers
from voxnas.models.recurrent import GRU, LSTM

# Which gates PyTorch's order has go through a sigmoid: i, f, g, o and r, z, n.
_SIGMOIDS = {LSTM: np.array([1, 1, 0, 1]), GRU: np.array([1, 1, 0])}


def parts(network: LSTM | GRU) -> Parts:
    """C++ type and numbers of a recurrent network."""
    hidden, cell = network.hidden_size, type(network).__name__
    layers = [f"\n    Layer<{cell}, {hidden if i else 1}, {hidden}>" for i in range(network.num_layers)]
    skip = str(network.skip).lower()
    output = [_strips(numbers(network.head.weight), hidden), numbers(network.head.bias)]
    output += [np.array([network.skip_gain])] if network.skip else []
    # The vectors of each layer together, as the runtime's layers read them.
    silence = np.stack([numbers(part[:, 0]) for part in network.initial_state()], axis=1)
    strip = -(-hidden // 16) * 16
    return Parts(
        type=f"Recurrent<{cell}, {hidden}, {skip}, {', '.join(layers)}>",
        runtime=("recurrent.h",),
        weights=join([*(a for i in range(network.num_layers) for a in _layer(network, i)), *output]),
        silence=silence.ravel().astype(np.float32),
        state_floats=network.num_layers * 34 * strip,
    )


def _layer(network: LSTM | GRU, index: int) -> Iterator[Array]:
    """Rows of biases, inputs and units."""
    hidden, halves = network.hidden_size, 1 - 0.5 * _SIGMOIDS[type(network)]

    def gates(name: str) -> Array:
        """`(inputs, gates, hidden)`, halved for a sigmoid."""
        values = numbers(getattr(network.units, f"{name}_l{index}"))
        return np.moveaxis(values.reshape(len(halves), hidden, -1) * halves[:, None, None], -1, 0)

    from_below = gates("weight_ih") if index else gates("weight_ih")[:1]  # behind the sound come controls

    from_input, from_units = gates("bias_ih"), gates("bias_hh")
    if isinstance(network, LSTM):
        biases = from_input + from_units
    else:  # what the units give to the new value is scaled by a gate, their bias with it
        together = from_input[:, :2] + from_units[:, :2]
        biases = np.concatenate([together, from_input[:, 2:], from_units[:, 2:]], axis=1)
    for rows in (biases, from_below, gates("weight_hh")):
        yield _strips(rows, hidden)


def _strips(rows: Array, hidden: int) -> Array:
    """Rows padded with zeros to whole vectors of the widest kind."""
    return np.pad(rows, [(0, 0)] * (rows.ndim - 1) + [(0, -hidden % 16)])
