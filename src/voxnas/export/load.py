"""Any model that a user may point at, by its path."""

import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from voxnas.export.blank import blank_network, fill
from voxnas.export.nam import read_nam
from voxnas.export.record_json import FILE_NAME, read_record_json
from voxnas.models.base import Network
from voxnas.utils.errors import InputError

PREFIX = "network."  # of the network's weights within a checkpoint of a training run


@dataclass(frozen=True)
class Model:
    """A network with its weights. `path` is the file that was read; `sample_rate` in Hz, None if unknown."""

    network: Network
    sample_rate: int | None
    path: Path
    metadata: dict[str, Any] = field(default_factory=dict)


def load_model(path: str | Path, submodel: int | None = None) -> Model:
    """Load a run's folder, a `.nam` file, a `model.json` record or a checkpoint (`.ckpt`).

    `submodel` picks one of a `.nam` container's models. Raises InputError on anything else, in one line.
    """
    path = Path(path).expanduser()
    file = _file_in(path) if path.is_dir() else path
    if not file.is_file():
        raise InputError(f"{file}: no such model; give a run's folder, a .nam, .json or .ckpt file")
    match file.suffix.lower():
        case ".nam":
            nam = read_nam(file, submodel)
            return Model(nam.network, nam.sample_rate, file, nam.metadata)
        case ".json":
            network, sample_rate, metadata = read_record_json(file)
            return Model(network, sample_rate, file, metadata)
        case ".ckpt":
            return _from_checkpoint(file)
    raise InputError(f"{file}: not a model; give a run's folder, a .nam, .json or .ckpt file")


def _file_in(folder: Path) -> Path:
    if (folder / FILE_NAME).is_file():
        return folder / FILE_NAME
    files = sorted(folder.glob("*.nam"))
    if len(files) == 1:
        return files[0]
    if files:
        raise InputError(f"{folder}: holds {len(files)} .nam files; name the one you mean")
    raise InputError(f"{folder}: neither {FILE_NAME} nor a .nam file in it; did the run finish?")


def _from_checkpoint(path: Path) -> Model:
    """Weights and plain values only are unpickled, so that a checkpoint cannot run code."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        known, state = content["voxnas"], content["state_dict"]
        architecture, sample_rate = known["architecture"], known.get("sample_rate")
        weights = {key.removeprefix(PREFIX): v for key, v in state.items() if key.startswith(PREFIX)}
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: not a checkpoint of a voxnas run (it lacks {error})") from error
    except (OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path}: damaged, or not a checkpoint ({reason})") from error
    try:
        return Model(fill(blank_network(architecture), weights), sample_rate, path)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
