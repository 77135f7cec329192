"""Reader and writer of the Neural Amp Modeler plug-in's files, `.nam`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from voxnas.export import nam_conv_net, nam_linear, nam_lstm, nam_wavenet
from voxnas.export.files import CannotHold, check_sample_rate, read_json, write_json
from voxnas.models.base import StreamingNetwork
from voxnas.utils.errors import InputError


class _Architecture(Protocol):
    """Module that knows one architecture's `config` and the order of its weights."""

    def encode(self, network: Any) -> tuple[str, dict[str, Any], torch.Tensor]: ...
    def decode(self, config: Any, weights: torch.Tensor, name: str) -> StreamingNetwork: ...


_ARCHITECTURES: dict[Any, _Architecture] = {
    "WaveNet": nam_wavenet,
    "LSTM": nam_lstm,
    "ConvNet": nam_conv_net,
    "Linear": nam_linear,
}
CONTAINER, MAX_SUBMODELS, MAX_DEPTH = "SlimmableContainer", 64, 8
SLIMMABLE = "SlimmableWavenet"  # a WaveNet in a wrapping


@dataclass(frozen=True)
class NamModel:
    """Content of a `.nam` file. `sample_rate` in Hz, None where the file does not tell.

    `metadata` is the container's too; `place` counts from 0 among the `models` that the file holds.
    """

    network: StreamingNetwork
    sample_rate: int | None
    metadata: dict[str, Any]
    place: int = 0
    models: int = 1


def write_nam(
    network: StreamingNetwork, path: str | Path, sample_rate: int, metadata: Mapping[str, Any] | None = None
) -> Path:
    """Write a network for the plug-in; `metadata` as `nam_metadata` makes it. Returns the path.

    Raises:
        InputError: the plug-in has no such network, it holds NaN, or the file cannot be written.
    """
    path = Path(path)
    kind = type(network).__name__
    if kind not in _ARCHITECTURES:
        raise CannotHold(f"{path}: a .nam file cannot hold a {kind}; use format=json")
    try:
        version, config, weights = _ARCHITECTURES[kind].encode(network)
    except InputError as error:
        raise CannotHold(f"{path}: not written: {error}") from error
    if not bool(torch.isfinite(weights).all()):
        raise InputError(f"{path}: not written, because the model's weights hold NaN or infinity")
    content = {
        "version": version,
        "metadata": dict(metadata or {}),
        "architecture": kind,
        "config": config,
        "weights": weights.tolist(),
        "sample_rate": sample_rate,
    }
    return write_json(content, path)


def read_nam(path: str | Path, submodel: int | None = None) -> NamModel:
    """Read a network, or one of those in a SlimmableContainer: the largest, or `submodel` (from 0).

    Raises:
        InputError: in one line, what in the file is damaged or beyond our networks.
    """
    path = Path(path)
    content = read_json(path)
    try:
        models = _submodels(content) if content.get("architecture") == CONTAINER else [content]
        place = len(models) - 1 if submodel is None else submodel
        if not 0 <= place < len(models):
            held = f"it holds 0 to {len(models) - 1}" if len(models) > 1 else "it holds a single model"
            raise InputError(f"there is no submodel {submodel}; {held}")
        return replace(_read_model(models[place], path.stem), place=place, models=len(models))
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _read_model(content: dict[str, Any], name: str) -> NamModel:
    _check_version(content.get("version"))
    kind, config = content.get("architecture"), content.get("config")
    if kind == SLIMMABLE and isinstance(config, dict):
        kind, config = "WaveNet", config.get("model")
    if not isinstance(kind, str) or kind not in _ARCHITECTURES:
        known = ", ".join(_ARCHITECTURES)
        raise InputError(f"architecture {str(kind)[:40]!r} cannot be played; known are {known}")
    metadata = content.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise InputError("metadata is not an object")
    weights = _numbers(content.get("weights"))
    network = _ARCHITECTURES[kind].decode(config, weights, str(metadata.get("name") or name))
    return NamModel(network, check_sample_rate(content.get("sample_rate")), metadata)


def _numbers(weights: Any) -> torch.Tensor:
    if not isinstance(weights, list) or not all(type(weight) in (int, float) for weight in weights):
        raise InputError("weights is not a list of numbers")
    try:
        with np.errstate(over="raise"):
            return torch.from_numpy(np.array(weights, np.float64).astype(np.float32))
    except (OverflowError, FloatingPointError):
        raise InputError("weights hold numbers beyond float32") from None


def _submodels(content: dict[str, Any], depth: int = 1) -> list[dict[str, Any]]:
    """A container's models, those of containers in it in their place.

    What they do not say of their sample rate and metadata, the container says.
    """
    _check_version(content.get("version"))
    config = content.get("config")
    entries = config.get("submodels") if isinstance(config, dict) else None
    if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_SUBMODELS:
        raise InputError(f"config.submodels is not a list of 1 to {MAX_SUBMODELS} models")
    shared = {key: content[key] for key in ("sample_rate", "metadata") if content.get(key) is not None}
    models, before = [], float("-inf")
    for i, entry in enumerate(entries):
        model = entry.get("model") if isinstance(entry, dict) else None
        if not isinstance(model, dict):
            raise InputError(f"config.submodels[{i}].model is not an object")
        limit = entry.get("max_value")
        if type(limit) not in (int, float) or not before < limit:
            raise InputError(f"config.submodels[{i}].max_value is not a number above the one before")
        before = limit
        model = _joined(shared, model)
        if model.get("architecture") != CONTAINER:
            models.append(model)
        elif depth < MAX_DEPTH:
            models += _submodels(model, depth + 1)
        else:
            raise InputError(f"containers lie in one another, more than {MAX_DEPTH} deep")
    if before < 1:
        raise InputError(f"config.submodels ends with a max_value of {before}; the last is at least 1")
    if len(models) > MAX_SUBMODELS:
        raise InputError(f"config.submodels holds {len(models)} models with those of its containers")
    return models


def _joined(outer: Mapping[str, Any], inner: Mapping[str, Any]) -> dict[str, Any]:
    """What the inner one says, and what only the outer one does, in their objects too; null says nothing."""
    joined = {**outer, **{key: value for key, value in inner.items() if value is not None}}
    theirs, own = outer.get("metadata"), inner.get("metadata")
    if isinstance(theirs, dict) and isinstance(own, dict):
        joined["metadata"] = _joined(theirs, own)
    return joined


def _check_version(version: Any) -> None:
    match = re.fullmatch(r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})", version) if isinstance(version, str) else None
    if match is None or not (0, 5, 0) <= tuple(map(int, match.groups())) < (0, 8, 0):
        raise InputError(f"version {version!r} is not one of 0.5.0 to 0.7.x")
