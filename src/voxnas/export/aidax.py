"""AIDA-X's files: RTNeural's JSON with a recurrent layer in front, a skip, gains and metadata.

The player computes out_gain · (network(x) + in_skip · x) with x = in_gain · input, both gains in dB and
silence below -90 dB. It starts from zeros and runs 2048 of them; ours starts from the state that silence
leaves.
"""

import copy
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from voxnas.export.files import CannotHold, check_sample_rate, write_json
from voxnas.export.keras_chain import assemble
from voxnas.export.keras_read import Layer, read_layers
from voxnas.export.rtneural import layers_of
from voxnas.export.weights import read_numbers
from voxnas.models.base import StreamingNetwork
from voxnas.models.recurrent import Recurrent
from voxnas.utils.errors import InputError

MAX_KNOBS = 2
KEYS = ("in_skip", "in_gain", "out_gain", "metadata")  # which tell such a file from RTNeural's
HIDDEN_SIZES = (8, 12, 16, 20, 24, 32, 40, 64, 80)

_OFF_DB, _MAX_DB = -90.0, 120.0
_OURS = {"name": "name", "author": "modeled_by", "style": "tone_type", "based": "gear_model"}


def write_aidax(
    network: StreamingNetwork, path: str | Path, sample_rate: int, metadata: Mapping[str, Any] | None = None
) -> Path:
    """Write an LSTM or GRU of one layer; `metadata` as `nam_metadata` makes it. Returns the path.

    Raises:
        CannotHold: another network, or a number of units that the player has no code for.
        InputError: NaN weights, or the file cannot be written.
    """
    path = Path(path)
    if not isinstance(network, Recurrent) or network.num_layers != 1:
        raise CannotHold(f"{path}: not written: AIDA-X plays one layer of LSTM or GRU, and nothing else")
    if network.hidden_size not in HIDDEN_SIZES:
        sizes = ", ".join(map(str, HIDDEN_SIZES))
        raise CannotHold(f"{path}: not written: AIDA-X plays hidden_size {sizes}, not {network.hidden_size}")
    if network.num_controls > MAX_KNOBS:
        names = ", ".join(control.name for control in network.controls)
        raise CannotHold(
            f"{path}: not written: AIDA-X has {MAX_KNOBS} knobs at most; fix others of {names}, such as "
            f"controls.{network.controls[-1].name}=VALUE"
        )
    known = {"metadata": _their_metadata(metadata or {}, sample_rate)}
    return write_json({**_content(network, path), **known}, path)


def _content(network: Recurrent, path: Path) -> dict[str, Any]:
    """Layers, skip and gains. The output's gain is the skip's, and is taken back in the last layer."""
    gain = network.skip_gain if network.skip else 1.0
    gain_db = 20 * math.log10(gain) if gain > 0 else _OFF_DB
    if not _OFF_DB < gain_db <= _MAX_DB:
        raise CannotHold(f"{path}: not written: AIDA-X cannot add its input with a gain of {gain:.3g}")
    if gain != 1.0:
        network = copy.deepcopy(network)
        with torch.no_grad():
            for parameter in network.head.parameters():
                parameter.div_(gain)
    return {**layers_of(network, path), "in_skip": int(network.skip), "in_gain": 0.0, "out_gain": gain_db}


def decode_aidax(
    content: Mapping[str, Any], name: str
) -> tuple[StreamingNetwork, int | None, dict[str, Any]]:
    """The network of a file's content with the gains in its weights, its sample rate in Hz, its metadata.

    Any number of units and layers is read, also what the player itself cannot play.

    Raises:
        InputError: naming what is damaged or beyond our networks.
    """
    layers = read_layers(content)
    skip = content.get("in_skip")
    if skip is not None and (isinstance(skip, bool) or skip not in (0, 1)):
        raise InputError(f"in_skip is neither 0 nor 1: {str(skip)[:40]}")
    in_gain, out_gain = _gain(content, "in_gain"), _gain(content, "out_gain")
    _scale(layers, in_gain, out_gain)
    metadata = content.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise InputError("metadata is not an object")
    ours = {_OURS[key]: value for key, value in metadata.items() if key in _OURS}
    skip_gain = in_gain * out_gain if skip else 0.0
    network = assemble(layers, str(ours.get("name") or name), round(skip_gain, 12))
    return network, check_sample_rate(metadata.get("samplerate", content.get("samplerate"))), ours


def _their_metadata(metadata: Mapping[str, Any], sample_rate: int) -> dict[str, Any]:
    gear = " ".join(str(metadata[key]) for key in ("gear_make", "gear_model") if metadata.get(key))
    training = metadata.get("training")
    esr = training.get("validation_esr") if isinstance(training, Mapping) else None
    fields = {
        "name": metadata.get("name"),
        "samplerate": sample_rate,
        "source": "voxnas",
        "style": metadata.get("tone_type"),
        "based": gear,
        "author": metadata.get("modeled_by"),
        "esr": esr,
    }
    return {key: value for key, value in fields.items() if value not in (None, "")}


def _gain(content: Mapping[str, Any], key: str) -> float:
    """A gain in dB as a factor."""
    if content.get(key) is None:
        return 1.0
    gain_db = float(read_numbers(content[key], (), key))
    if gain_db > _MAX_DB:
        raise InputError(f"{key} of {gain_db:.3g} dB is more than {_MAX_DB:g}")
    return float(10 ** (gain_db / 20)) if gain_db > _OFF_DB else 0.0


def _scale(layers: list[Layer], in_gain: float, out_gain: float) -> None:
    """Work both into the weights: the first layer's for its inputs, all of the last one's."""
    first, last = layers[0], layers[-1]
    with np.errstate(over="ignore"):  # what is infinite now will not fill a network
        first.weights[0][..., :1, :] *= np.float32(in_gain)  # of the sound, not of the knobs behind it
        last.weights = [weights * np.float32(out_gain) for weights in last.weights]
