"""Conversion of a run or a model into another format."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from voxnas.export.formats import find_format
from voxnas.export.load import Model, load_model
from voxnas.export.metadata import MEASURED, nam_metadata
from voxnas.export.record_json import FILE_NAME as RUN_FILE_NAME
from voxnas.records.record import FILE_NAME, Record
from voxnas.utils.errors import InputError


def convert(
    model: str,
    format: str,
    output: str | None = None,
    submodel: int | None = None,
    sample_rate: int | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Write a model in a format, and say where.

    Args:
        model, submodel: see `load_model`.
        format: see `find_format`.
        output: a file; None for beside the model.
        sample_rate: in Hz; None for the model's own, see `Model.rate`.
        metadata: see `nam_metadata`; what is None is left out.

    Raises:
        InputError: no such format or model, a format that cannot hold it.
    """
    chosen = find_format(format)
    loaded = load_model(model, submodel)
    rate = loaded.rate(sample_rate)
    if chosen.rate not in (None, rate):
        print(f"note: {format} files play at {chosen.rate} Hz, where a model for {rate} Hz sounds different")
    path = Path(output) if output else loaded.path.with_name(_stem(loaded) + chosen.suffix)
    if path.resolve() == loaded.path.resolve():
        raise InputError(f"{path}: is the model itself; give another output=")
    written = chosen.write(loaded.network, path, rate, _metadata(loaded, rate, metadata or {}))
    if loaded.models > 1:
        others = f"submodel=0 to {loaded.models - 1} pick the others"
        print(f"note: {loaded.path} holds {loaded.models} models; this is submodel={loaded.place}, {others}")
    print(f"wrote {written} ({written.stat().st_size / 1024:.0f} KiB)")


def _metadata(model: Model, rate: int, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the file brings, with what is given and what is measured of what it does not bring."""
    measured = nam_metadata(model.network, rate, **_training(model), **given)
    brought = _known(model.metadata)
    if isinstance(brought.get("training"), dict) and "training" in measured:
        measured["training"] = brought["training"] | _known(measured["training"])
    is_own = (model.path.parent / FILE_NAME).is_file()  # a run's figures are measured as they are now
    kept = {} if is_own else {key: brought[key] for key in MEASURED if _is_number(brought.get(key))}
    return {**brought, **measured, **kept}


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _stem(model: Model) -> str:
    """A run's files have general names, so its model goes by the network's."""
    if model.path.name == RUN_FILE_NAME or model.path.suffix == ".ckpt":
        return re.sub(r"[^\w.-]+", "_", model.network.name)
    return re.sub(r"(\.(rtneural|aidax|proteus))?\.\w+$", "", model.path.name)


def _training(model: Model) -> dict[str, Any]:
    """The training as far as it is known: the run's record, or the file's own metadata."""
    known = model.metadata.get("training")
    said: dict[str, Any] = known if isinstance(known, dict) else {}
    record = model.path.parent / FILE_NAME
    esr = Record.read(record).score if record.is_file() else said.get("validation_esr")
    settings = said.get("settings")
    return {"validation_esr": esr, "training_settings": settings if isinstance(settings, dict) else None}
