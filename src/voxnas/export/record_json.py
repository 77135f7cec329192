"""Writer and decoder of a model as plain JSON: architecture, weights by name, sample rate.

Layout: `format` ("voxnas-model"), `schema_version`, `sample_rate` (Hz), `architecture` (the network's type
and arguments), `weights` (name → nested lists in the parameter's shape) and `metadata`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from voxnas.export.blank import blank_network, fill
from voxnas.export.files import check_sample_rate, write_json
from voxnas.export.weights import finite_weights
from voxnas.models.base import StreamingNetwork
from voxnas.utils.errors import InputError

FORMAT, SCHEMA_VERSION = "voxnas-model", 1
FILE_NAME = "model.json"


def write_record_json(
    network: StreamingNetwork, path: str | Path, sample_rate: int, metadata: Mapping[str, Any] | None = None
) -> Path:
    """Write any network and return the path; InputError on NaN weights or where it cannot be written."""
    path = Path(path)
    weights = finite_weights(network, path)
    content = {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "sample_rate": sample_rate,
        "metadata": dict(metadata or {}),
        "architecture": network.architecture(),
        "weights": {name: tensor.tolist() for name, tensor in weights.items()},
    }
    return write_json(content, path)


def decode_record(content: dict[str, Any], name: str) -> tuple[StreamingNetwork, int | None, dict[str, Any]]:
    """Network, its sample rate in Hz and its metadata; InputError on what is damaged in the content.

    `name`, of the file, is for formats that do not hold one.
    """
    if content.get("schema_version") != SCHEMA_VERSION:
        version = str(content.get("schema_version"))[:40]
        raise InputError(f"schema version {version} is not {SCHEMA_VERSION}")
    network = blank_network(_mapping(content, "architecture"))
    fill(network, {key: _tensor(key, values) for key, values in _mapping(content, "weights").items()})
    sample_rate = check_sample_rate(content.get("sample_rate"))
    metadata = _mapping(content, "metadata") if content.get("metadata") else {}
    return network, sample_rate, metadata


def _mapping(content: dict[str, Any], key: str) -> dict[str, Any]:
    if not isinstance(content.get(key), dict):
        raise InputError(f"{key} is missing or not an object")
    return content[key]


def _tensor(name: str, values: Any) -> torch.Tensor:
    try:
        return torch.tensor(values, dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise InputError(f"weight {name!r} is not a list of numbers ({error})") from error
