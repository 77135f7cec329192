"""The Neural Amp Modeler plug-in's files, `.nam`: written for a WaveNet, and read back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from voxnas.export.blank import blank_network, fill
from voxnas.export.files import check_sample_rate, read_json, write_json
from voxnas.export.nam_config import from_config, to_config
from voxnas.models.base import Network
from voxnas.models.layer_array import LayerArray
from voxnas.models.wavenet import WaveNet
from voxnas.utils.errors import InputError


@dataclass(frozen=True)
class NamModel:
    """What a `.nam` file holds. `sample_rate` in Hz, None where the file does not tell."""

    network: Network
    sample_rate: int | None
    metadata: dict[str, Any]


def write_nam(
    network: Network, path: str | Path, sample_rate: int, metadata: Mapping[str, Any] | None = None
) -> Path:
    """Write a WaveNet for the plug-in; `metadata` as `nam_metadata` makes it. Returns the path.

    Raises:
        InputError: the network is no WaveNet, holds NaN, or the file cannot be written.
    """
    path = Path(path)
    if not isinstance(network, WaveNet):
        raise InputError(
            f"{path}: a .nam file takes a WaveNet, not a {type(network).__name__}; use format=json"
        )
    weights = _flat_weights(network)
    if not np.isfinite(weights).all():
        raise InputError(f"{path}: not written, because the model's weights hold NaN or infinity")
    version, config = to_config(network.shapes, network.head_scale)
    content = {
        "version": version,
        "metadata": dict(metadata or {}),
        "architecture": "WaveNet",
        "config": config,
        "weights": weights.tolist(),
        "sample_rate": sample_rate,
    }
    return write_json(content, path)


def read_nam(path: str | Path, submodel: int | None = None) -> NamModel:
    """Read a WaveNet, or one of the WaveNets in a SlimmableContainer: the largest, or `submodel` (from 0).

    Raises:
        InputError: in one line, what in the file is damaged or beyond our WaveNet.
    """
    path = Path(path)
    content = read_json(path)
    try:
        if content.get("architecture") == "SlimmableContainer":
            content = _pick(content, submodel)
        elif submodel not in (None, 0):
            raise InputError(f"holds a single model, so there is no submodel {submodel}")
        return _read_model(content, path.stem)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _read_model(content: dict[str, Any], name: str) -> NamModel:
    _check_version(content.get("version"))
    kind = content.get("architecture")
    if kind != "WaveNet":
        raise InputError(f"architecture {kind!r} cannot be played; WaveNet and SlimmableContainer can")
    metadata = content.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise InputError("metadata is not an object")
    shapes = from_config(content.get("config"))
    network = _wavenet(shapes, content.get("weights"), str(metadata.get("name") or name))
    return NamModel(network, check_sample_rate(content.get("sample_rate")), metadata)


def _wavenet(shapes: list[LayerArray], weights: Any, name: str) -> Network:
    if not isinstance(weights, list) or not all(type(weight) in (int, float) for weight in weights):
        raise InputError("weights is not a list of numbers")
    arguments = WaveNet.arguments(shapes, head_scale=1.0, name=name)
    network = blank_network(arguments)
    needed = network.num_parameters + 1
    if len(weights) != needed:
        raise InputError(f"{len(weights)} weights, but its config needs {needed}; the file is damaged")
    flat = _float32(weights)
    parts = flat[:-1].split([parameter.numel() for parameter in network.parameters()])
    named = zip(network.named_parameters(), parts, strict=True)
    fill(network, {key: part.view(parameter.shape).clone() for (key, parameter), part in named})
    assert isinstance(network, WaveNet)
    network.head_scale = float(flat[-1])  # it overrides the one in config
    return network


def _float32(weights: list[float]) -> torch.Tensor:
    try:
        with np.errstate(over="raise"):
            return torch.from_numpy(np.array(weights, np.float64).astype(np.float32))
    except (OverflowError, FloatingPointError):
        raise InputError("weights hold numbers beyond float32") from None


def _flat_weights(network: WaveNet) -> np.ndarray[Any, np.dtype[np.float32]]:
    """In the file's order, which is the order in which WaveNet's modules hold their parameters."""
    parts = [parameter.detach().float().cpu().flatten() for parameter in network.parameters()]
    return torch.cat([*parts, torch.tensor([network.head_scale])]).numpy()


def _pick(content: dict[str, Any], submodel: int | None) -> dict[str, Any]:
    """One model of a container, with the container's sample rate and metadata where it has none."""
    _check_version(content.get("version"))
    config = content.get("config")
    models = config.get("submodels") if isinstance(config, dict) else None
    if not isinstance(models, list) or not models or not all(isinstance(model, dict) for model in models):
        raise InputError("config.submodels is not a list of models")
    index = len(models) - 1 if submodel is None else submodel
    if not 0 <= index < len(models):
        raise InputError(f"there is no submodel {submodel}; it holds 0 to {len(models) - 1}")
    model = models[index].get("model")
    if not isinstance(model, dict):
        raise InputError(f"config.submodels[{index}].model is not an object")
    shared = {key: content[key] for key in ("sample_rate", "metadata") if content.get(key) is not None}
    return {**shared, **{key: value for key, value in model.items() if value is not None}}


def _check_version(version: Any) -> None:
    match = re.fullmatch(r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})", version) if isinstance(version, str) else None
    if match is None or not (0, 5, 0) <= tuple(map(int, match.groups())) <= (0, 7, 0):
        raise InputError(f"version {version!r} is not one of 0.5.0 to 0.7.0")
