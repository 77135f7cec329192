"""Loader of any model that a user may point at, by its path."""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from voxnas.export import aidax, proteus
from voxnas.export.blank import blank_network, check_plays, fill
from voxnas.export.files import MAX_BYTES, check_sample_rate, read_json
from voxnas.export.foreign import why_unreadable
from voxnas.export.nam import NamModel, read_container, read_nam
from voxnas.export.record_json import FILE_NAME, FORMAT, decode_record
from voxnas.export.rtneural import decode_rtneural
from voxnas.models.base import StreamingNetwork
from voxnas.utils.errors import InputError

PREFIX = "network."  # of the network's weights within a checkpoint of a training run
MAX_MESSAGE = 500  # characters
USUAL_RATE = 48_000  # Hz; what the players of .nam and AIDA-X files take
_SUFFIXES = ".nam, .json, .aidax or .ckpt"


@dataclass(frozen=True)
class Model:
    """Network with its weights. `path` is the file that was read; `sample_rate` in Hz, None if unknown.

    `usual_rate` is the one that players of such files take where a file does not tell. `place` is the
    network's among the `models` that the file holds.
    """

    network: StreamingNetwork
    sample_rate: int | None
    path: Path
    metadata: dict[str, Any] = field(default_factory=dict)
    usual_rate: int = USUAL_RATE
    place: int = 0
    models: int = 1

    def rate(self, wanted: int | None = None, say: Callable[[str], None] = print) -> int:
        """Rate in Hz that the model is for: as wanted, as its file tells, or the usual one, which is said.

        Raises InputError on a wanted rate that is none.
        """
        if wanted is not None:
            if (rate := check_sample_rate(wanted)) is None:
                raise InputError(f"sample_rate={wanted} is not a rate in Hz, such as 48000")
            return rate
        if self.sample_rate is not None:
            return self.sample_rate
        say(f"note: {self.path} does not tell its sample rate: {self.usual_rate} Hz taken, as its players do")
        return self.usual_rate


def load_model(path: str | Path, submodel: int | None = None) -> Model:
    """Load a run's folder, a `.nam` file, a checkpoint (`.ckpt`), or JSON: a `model.json` record, RTNeural's,
    AIDA-X's (also as `.aidax`, `.aidadspmodel`) or Proteus's.

    `submodel` picks one of a `.nam` container's models. Raises InputError on anything else, in one line.
    """
    path = Path(path).expanduser()
    file = _file_in(path) if path.is_dir() else path
    if not file.is_file():
        raise InputError(f"{file}: no such model; give a run's folder, a {_SUFFIXES} file")
    try:
        model = _load(file, submodel)
        check_plays(model.network)
        return model
    except InputError as error:
        raise InputError(_one_line(file, str(error))) from error


def load_models(path: str | Path) -> tuple[list[Model], dict[str, Any] | None]:
    """Load every model of a file, or the one of whatever else `load_model` takes; InputError as there.

    Of a container each comes with its own metadata, and those of the container beside them, else None.
    """
    first = load_model(path)
    if first.models == 1:
        return [first], None
    try:
        held, metadata = read_container(first.path)
        models = [_of_nam(nam, first.path) for nam in held]
        for model in models:
            check_plays(model.network)
    except InputError as error:
        raise InputError(_one_line(first.path, str(error))) from error
    return models, metadata


def _load(file: Path, submodel: int | None) -> Model:
    match file.suffix.lower():
        case ".nam":
            return _from_nam(file, submodel)
        case ".json" | ".aidax" | ".aidadspmodel":
            return _from_json(file, submodel)
        case ".ckpt":
            return _from_checkpoint(file)
    raise InputError(f"not a model; give a run's folder, a {_SUFFIXES} file")


def _one_line(file: Path, message: str) -> str:
    """Message in one line: it may quote the file, which can hold line breaks and pages of text."""
    text = " ".join(message.removeprefix(f"{file}: ").split())
    return f"{file}: {text if len(text) <= MAX_MESSAGE else text[:MAX_MESSAGE] + ' …'}"


def _file_in(folder: Path) -> Path:
    if (folder / FILE_NAME).is_file():
        return folder / FILE_NAME
    files = sorted(folder.glob("*.nam"))
    if len(files) == 1:
        return files[0]
    if files:
        raise InputError(f"{folder}: holds {len(files)} .nam files; name the one you mean")
    raise InputError(f"{folder}: neither {FILE_NAME} nor a .nam file in it; did the run finish?")


def _from_json(path: Path, submodel: int | None) -> Model:
    """Model of a JSON file, by its content, since players share the suffix."""
    content = read_json(path)
    if content.get("format") == FORMAT:
        decode = decode_record
    elif any(key in content for key in proteus.KEYS):
        decode = proteus.decode_proteus
    elif "layers" in content:
        decode = aidax.decode_aidax if any(key in content for key in aidax.KEYS) else decode_rtneural
    elif "architecture" in content and "config" in content:
        return _from_nam(path, submodel)
    else:
        raise InputError(f"not a {FORMAT} record, and neither a .nam, RTNeural, AIDA-X nor Proteus file")
    network, sample_rate, metadata = decode(content, path.stem)
    usual_rate = proteus.SAMPLE_RATE if decode is proteus.decode_proteus else USUAL_RATE
    return Model(network, sample_rate, path, metadata, usual_rate)


def _from_nam(path: Path, submodel: int | None) -> Model:
    return _of_nam(read_nam(path, submodel), path)


def _of_nam(nam: NamModel, path: Path) -> Model:
    return Model(nam.network, nam.sample_rate, path, nam.metadata, place=nam.place, models=nam.models)


def _from_checkpoint(path: Path) -> Model:
    """Model of a checkpoint. Weights and plain values only are unpickled, so that it cannot run code."""
    try:
        _check_unpacked_size(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except InputError:
        raise
    except Exception as error:  # a damaged pickle can raise any
        raise InputError(f"damaged, or not a checkpoint ({why_unreadable(path, error)})") from error
    try:
        known, state = content["voxnas"], content["state_dict"]
        architecture, sample_rate = known["architecture"], known.get("sample_rate")
        weights = {key.removeprefix(PREFIX): v for key, v in state.items() if key.startswith(PREFIX)}
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise InputError(f"not a checkpoint of a voxnas run (it lacks {error})") from error
    return Model(fill(blank_network(architecture), weights), check_sample_rate(sample_rate), path)


def _check_unpacked_size(path: Path) -> None:
    """Raises InputError on gigabytes, for which a few bytes of an archive can stand."""
    size = path.stat().st_size
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            size = max(size, sum(entry.file_size for entry in archive.infolist()))
    if size > MAX_BYTES:
        raise InputError(f"{size / 2**20:.0f} MiB are too much for a model (at most {MAX_BYTES >> 20})")
