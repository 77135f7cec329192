"""Parts of a C++ header that are a model's knobs and switches."""

import copy
from collections.abc import Callable, Mapping
from textwrap import fill
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from voxnas.export.header.parts import Parts, numbers
from voxnas.models.base import StreamingNetwork
from voxnas.models.control_mix import ControlMix
from voxnas.models.controls import Control, columns, encode
from voxnas.models.filmed import FilmedNetwork
from voxnas.models.recurrent import Recurrent

GLIDE = 1024  # samples
STEP = {True: 1, False: 8}  # of a recurrent network, which goes sample by sample, and of others
SETTLE = 48_000  # samples of silence that a recurrent network is given


def control_values(
    network: StreamingNetwork,
    literals: Callable[[NDArray[np.float32]], str],
    text: Callable[[str], str],
) -> Mapping[str, str]:
    """What stands for the names in controls.h and methods_controls.h; `network` is in float64."""
    recurrent = isinstance(network, Recurrent)
    settle = SETTLE if recurrent else network.receptive_field
    table = ",\n".join(f"      {_row(control, text)}" for control in network.controls)
    return {
        "control_count": str(len(network.controls)),
        "control_table": f"\n{table}\n  ",
        "glide": str(GLIDE),
        "step": str(STEP[recurrent]),
        "settle": str(settle),
        "input_count": str(network.num_controls),
        "first_input": ", ".join(str(of.start) for _, of in columns(network.controls)),
        "at_rest": literals(np.array(encode(network.controls, {}), np.float32)),
    }


def row_values(
    network: StreamingNetwork,
    make_parts: Callable[[Any], Parts],
    literals: Callable[[NDArray[np.float32]], str],
) -> Mapping[str, str]:
    """What stands for the names in controls_rows.h."""
    places, mix = _biases(network, make_parts)
    row_of, scale = _scaled(network, make_parts)
    return {
        "bias_count": str(len(places)),
        "bias_at": ",\n".join(", ".join(map(str, places[i : i + 16])) for i in range(0, len(places), 16)),
        "mix": literals(mix.ravel().astype(np.float32)),
        "scales": str(bool(len(scale))).lower(),
        "row_of": fill(", ".join(map(str, row_of)), 120),
        "scale": literals(scale.ravel().astype(np.float32)),
    }


def _scaled(network: StreamingNetwork, make_parts: Callable[[Any], Parts]) -> tuple[list[int], np.ndarray]:
    """For each of the runtime's numbers the row that multiplies it, from 1, and `(rows, inputs)`."""
    if not isinstance(network, FilmedNetwork) or network.control_scale is None:
        return [0], np.zeros((0, network.num_controls))
    marked = copy.deepcopy(network)
    for parameter in marked.parameters():
        torch.nn.init.zeros_(parameter)
    nothing = make_parts(marked).weights  # but for the constants of activations
    first = 1
    for convolutions in marked.turned_convolutions:
        rows = torch.arange(first, first + len(convolutions[0].weight)).double()
        for convolution in convolutions:
            convolution.weight.data += rows.view(-1, 1, 1)
        convolutions[0].bias.data += rows  # type: ignore[union-attr]
        first += len(rows)
    row_of = np.round(make_parts(marked).weights - nothing).astype(int)
    return row_of.tolist(), numbers(network.control_scale.weight)


def _biases(network: StreamingNetwork, make_parts: Callable[[Any], Parts]) -> tuple[list[int], np.ndarray]:
    """Where among the runtime's numbers the biases are that controls add to, and what each adds."""
    found = []
    for value in (0.0, 1.0):
        marked = copy.deepcopy(network)
        for bias in _added_to(marked):
            torch.nn.init.constant_(bias, value)
        found.append(make_parts(marked).weights.astype(np.float64))
    difference = found[1] - found[0]
    places = np.flatnonzero(difference)
    return places.tolist(), _mix(network) * difference[places, None]


def _added_to(network: StreamingNetwork) -> list[torch.Tensor]:
    if isinstance(network, Recurrent):
        return [network.layer(0)[2]]
    assert isinstance(network, FilmedNetwork)
    biases = [convolutions[0].bias for convolutions in network.turned_convolutions]
    return [bias for bias in biases if bias is not None]


def _mix(network: StreamingNetwork) -> np.ndarray:
    """`(biases, inputs)`, in the order of the biases."""
    if isinstance(network, Recurrent):
        return numbers(network.layer(0)[0])[:, 1:]
    mix: ControlMix | None = network.control_mix if isinstance(network, FilmedNetwork) else None
    assert mix is not None
    return numbers(mix.weight)


def _row(control: Control, text: Callable[[str], str]) -> str:
    positions = len(control.options)
    low, high = (0, positions - 1) if positions else (control.low, control.high)
    at_rest = control.options.index(str(control.at_rest)) if positions else control.at_rest
    logarithmic = str(control.taper == "log").lower()
    return f"{{{text(control.name)}, {low!r}, {high!r}, {logarithmic}, {positions}, {at_rest!r}}}"
