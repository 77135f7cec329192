"""Proteus's files: an LSTM with its weights as PyTorch has them, to whose output the player adds the input.

Inputs behind the sound are knobs, 0 to 1, whose names the file does not tell. The player has code for an LSTM
of 40 units alone; other players of such files take other sizes, and GRUs. It starts from zeros, where ours
starts from the state that silence leaves. The file tells neither name nor sample rate; the player runs it at
44.1 kHz.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from voxnas.export.blank import blank_network, fill
from voxnas.export.files import CannotHold, write_json
from voxnas.export.weights import finite_weights, read_numbers
from voxnas.models.base import StreamingNetwork
from voxnas.models.controls import unnamed
from voxnas.models.recurrent import LSTM, Recurrent
from voxnas.utils.errors import InputError

KEYS = ("model_data", "state_dict")
SAMPLE_RATE = 44_100  # Hz, at which the player runs any file
HIDDEN_SIZE = 40
MAX_HIDDEN_SIZE, MAX_KNOBS = 2**12, 31
UNITS = ("LSTM", "GRU")

# How the file calls the weights, and what we call them
_NAMES = {
    "rec.weight_ih_l0": "units.weight_ih_l0",
    "rec.weight_hh_l0": "units.weight_hh_l0",
    "rec.bias_ih_l0": "units.bias_ih_l0",
    "rec.bias_hh_l0": "units.bias_hh_l0",
    "lin.weight": "head.weight",
    "lin.bias": "head.bias",
}
_FIXED = {
    "model": "SimpleRNN",
    "skip": 1,
    "output_size": 1,
    "num_layers": 1,
    "bias_fl": True,
}


def write_proteus(
    network: StreamingNetwork, path: str | Path, sample_rate: int, metadata: Mapping[str, Any] | None = None
) -> Path:
    """Write an LSTM of 40 units with a skip and return the path; the rate and metadata have no place there.

    Raises:
        CannotHold: any other network.
        InputError: NaN weights, or the file cannot be written.
    """
    path = Path(path)
    if not isinstance(network, LSTM) or network.num_layers != 1 or network.hidden_size != HIDDEN_SIZE:
        raise CannotHold(f"{path}: not written: Proteus plays one layer of LSTM with {HIDDEN_SIZE} units")
    if not network.skip or network.skip_gain != 1:
        raise CannotHold(f"{path}: not written: Proteus adds the input to the output; train with skip=true")
    weights = finite_weights(network, path)
    state = {theirs: weights[ours].tolist() for theirs, ours in _NAMES.items()}
    inputs = {"input_size": 1 + network.num_controls}
    model_data = {**_FIXED, **inputs, "unit_type": "LSTM", "hidden_size": HIDDEN_SIZE}
    return write_json({"model_data": model_data, "state_dict": state}, path)


def decode_proteus(
    content: Mapping[str, Any], name: str
) -> tuple[StreamingNetwork, int | None, dict[str, Any]]:
    """The network of a file's content, LSTM or GRU of any number of units; no sample rate, no metadata.

    Raises:
        InputError: naming what is damaged or beyond our networks.
    """
    kind, hidden_size, knobs = _kind_and_sizes(content.get("model_data"))
    state = content.get("state_dict")
    if not isinstance(state, dict) or set(state) != set(_NAMES):
        raise InputError(f"state_dict is not an object of {', '.join(_NAMES)}")
    followed = {"controls": unnamed(knobs)} if knobs else {}
    network = blank_network(
        {"type": kind, "name": name, "hidden_size": hidden_size, "skip": True, **followed}
    )
    assert isinstance(network, Recurrent)
    weights = {"start": torch.zeros(network.states, 1, hidden_size)}
    shapes = {key: tensor.shape for key, tensor in network.state_dict().items()}
    for theirs, ours in _NAMES.items():
        weights[ours] = torch.from_numpy(read_numbers(state[theirs], shapes[ours], f"state_dict.{theirs}"))
    return fill(network, weights), None, {}


def _kind_and_sizes(model_data: Any) -> tuple[str, int, int]:
    """The kind of the units, how many there are, and the knobs."""
    if not isinstance(model_data, dict):
        raise InputError("model_data is missing or not an object")
    inputs = model_data.get("input_size")
    if type(inputs) is not int or not 1 <= inputs <= 1 + MAX_KNOBS:
        raise InputError(
            f"model_data.input_size is {str(inputs)[:40]!r}, not 1 and the knobs, {MAX_KNOBS} at most"
        )
    for key, value in _FIXED.items():
        if model_data.get(key) != value:
            raise InputError(f"model_data.{key} is {str(model_data.get(key))[:40]!r}, not {value!r}")
    kind = model_data.get("unit_type")
    if kind not in UNITS:
        raise InputError(f"model_data.unit_type is {str(kind)[:40]!r}, not one of {', '.join(UNITS)}")
    size = model_data.get("hidden_size")
    if type(size) is not int or not 1 <= size <= MAX_HIDDEN_SIZE:
        raise InputError(f"model_data.hidden_size is not a whole number from 1 to {MAX_HIDDEN_SIZE}")
    return str(kind), size, inputs - 1
