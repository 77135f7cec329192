"""Metadata of a model that is written anew: what its file brings, what is given, what is measured."""

from collections.abc import Mapping, Sequence
from typing import Any

from voxnas.export.load import Model
from voxnas.export.metadata import MEASURED, date_fields, nam_metadata
from voxnas.records.record import FILE_NAME, Record

_OF_ONE = (*MEASURED, "date", "training")  # of one model, and of no other


def metadata_of(model: Model, rate: int, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the file brings, with what is given and what is measured of what it does not bring."""
    measured = nam_metadata(model.network, rate, **_training(model), **given)
    brought = known(model.metadata)
    if isinstance(brought.get("training"), dict) and "training" in measured:
        measured["training"] = brought["training"] | known(measured["training"])
    kept = {} if _is_of_a_run(model) else _levels(brought)
    return {**brought, **measured, **kept}


def own_metadata(model: Model, rate: int) -> dict[str, Any]:
    """What a model says of itself, its date too; what it does not say of its level is measured."""
    brought = known(model.metadata)
    if len(_levels(brought)) == len(MEASURED) and not _is_of_a_run(model):
        return brought
    date = {key: brought[key] for key in ("date",) if isinstance(brought.get(key), dict)}
    return metadata_of(model, rate, {}) | date


def metadata_of_all(
    container: Mapping[str, Any] | None, models: Sequence[Mapping[str, Any]], given: Mapping[str, Any]
) -> dict[str, Any]:
    """What a container says of its models, whose own metadata come in their order.

    Levels are those of the last, which the plug-in plays first, where the container brings none.

    Args:
        container: metadata of the container that they are from; None where they are from several files.
        given: by the user; what is None is left out.
    """
    brought = _shared(models) if container is None else known(container)
    return {**_levels(models[-1]), **brought, "date": date_fields(), **known(given)}


def known(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are not None."""
    return {key: value for key, value in fields.items() if value is not None}


def _shared(models: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What all say alike, such as the gear."""
    first, others = known(models[0]), models[1:]
    return {
        key: value
        for key, value in first.items()
        if key not in _OF_ONE and all(other.get(key) == value for other in others)
    }


def _levels(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: fields[key] for key in MEASURED if _is_number(fields.get(key))}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_of_a_run(model: Model) -> bool:
    """A run's figures are measured as they are now."""
    return (model.path.parent / FILE_NAME).is_file()


def _training(model: Model) -> dict[str, Any]:
    """The training as far as it is known: the run's record, or the file's own metadata."""
    told = model.metadata.get("training")
    said: dict[str, Any] = told if isinstance(told, dict) else {}
    record = model.path.parent / FILE_NAME
    esr = Record.read(record).score if record.is_file() else said.get("validation_esr")
    settings = said.get("settings")
    return {"validation_esr": esr, "training_settings": settings if isinstance(settings, dict) else None}
