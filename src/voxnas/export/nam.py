"""Reader and writer of the Neural Amp Modeler plug-in's files, `.nam`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import torch

from voxnas.export import nam_conditioned, nam_conv_net, nam_linear, nam_lstm, nam_wavenet
from voxnas.export.files import CannotHold, check_sample_rate, read_json, refuse_controls, write_json
from voxnas.export.nam_container import CONTAINER, unpacked
from voxnas.export.nam_keys import check_version, numbers_of
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
# A network's class, the architecture that files call it, and who writes it
_WRITTEN_AS: dict[str, tuple[str, _Architecture]] = {
    **{kind: (kind, module) for kind, module in _ARCHITECTURES.items()},
    "ConditionedWaveNet": ("WaveNet", nam_conditioned),
}
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
    try:
        content = nam_content(network, sample_rate, metadata)
    except CannotHold as error:
        hint = "" if type(network).__name__ in _WRITTEN_AS else "; use format=json"
        raise CannotHold(f"{path}: not written: {error}{hint}") from error
    except InputError as error:
        raise InputError(f"{path}: not written, because {error}") from error
    return write_json(content, path)


def nam_content(
    network: StreamingNetwork, sample_rate: int, metadata: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What a file of a network holds. CannotHold where the plug-in has no such network, InputError on NaN."""
    kind = type(network).__name__
    if kind not in _WRITTEN_AS:
        raise CannotHold(f"a .nam file cannot hold a {kind}")
    refuse_controls(network, "a .nam file", sweep=True)
    architecture, module = _WRITTEN_AS[kind]
    try:
        version, config, weights = module.encode(network)
    except InputError as error:
        raise CannotHold(str(error)) from error
    if not bool(torch.isfinite(weights).all()):
        raise InputError("the model's weights hold NaN or infinity")
    return {
        "version": version,
        "metadata": dict(metadata or {}),
        "architecture": architecture,
        "config": nam_conditioned.with_rate(config, sample_rate),
        "weights": weights.tolist(),
        "sample_rate": sample_rate,
    }


def read_nam(path: str | Path, submodel: int | None = None) -> NamModel:
    """Read a network, or one of those in a SlimmableContainer: the largest, or `submodel` (from 0).

    Raises:
        InputError: in one line, what in the file is damaged or beyond our networks.
    """
    path = Path(path)
    content = read_json(path)
    try:
        models = unpacked(content) if content.get("architecture") == CONTAINER else [content]
        place = len(models) - 1 if submodel is None else submodel
        if not 0 <= place < len(models):
            held = f"it holds 0 to {len(models) - 1}" if len(models) > 1 else "it holds a single model"
            raise InputError(f"there is no submodel {submodel}; {held}")
        return replace(_read_model(models[place], path.stem), place=place, models=len(models))
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def read_container(path: str | Path) -> tuple[list[NamModel], dict[str, Any]]:
    """Read every network of a SlimmableContainer, each with its own metadata, and the container's.

    Raises:
        InputError: it is none, or as `read_nam`.
    """
    path = Path(path)
    content = read_json(path)
    try:
        if content.get("architecture") != CONTAINER:
            raise InputError(f"is no {CONTAINER}")
        metadata = _metadata(content)
        contents = unpacked({**content, "metadata": None})
        models = [_read_model(model, path.stem) for model in contents]
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    places = enumerate(models)
    return [replace(model, place=place, models=len(models)) for place, model in places], metadata


def _read_model(content: dict[str, Any], name: str) -> NamModel:
    check_version(content.get("version"))
    kind, config = content.get("architecture"), content.get("config")
    if kind == SLIMMABLE and isinstance(config, dict):
        kind, config = "WaveNet", config.get("model")
    if not isinstance(kind, str) or kind not in _ARCHITECTURES:
        known = ", ".join(_ARCHITECTURES)
        raise InputError(f"architecture {str(kind)[:40]!r} cannot be played; known are {known}")
    metadata = _metadata(content)
    weights, rate = numbers_of(content.get("weights")), check_sample_rate(content.get("sample_rate"))
    for inner in map(check_sample_rate, nam_conditioned.condition_rates(config)):
        if inner not in (None, rate):
            raise InputError(f"config.condition_dsp is of {inner} Hz, and the file of {rate or 'no rate'}")
    network = _ARCHITECTURES[kind].decode(config, weights, str(metadata.get("name") or name))
    return NamModel(network, rate, metadata)


def _metadata(content: Mapping[str, Any]) -> dict[str, Any]:
    metadata = content.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise InputError("metadata is not an object")
    return metadata
