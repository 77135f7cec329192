"""Metadata of a `.nam` file, which players show and set their levels by."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from voxnas.engine.make import make_engine
from voxnas.export.loudness import gain, loudness_db
from voxnas.models.base import StreamingNetwork

MEASURED = ("loudness", "gain")


def nam_metadata(
    network: StreamingNetwork,
    sample_rate: int,
    *,
    validation_esr: float | None = None,
    training_settings: Mapping[str, Any] | None = None,
    name: str | None = None,
    modeled_by: str | None = None,
    gear_make: str | None = None,
    gear_model: str | None = None,
    gear_type: str | None = None,
    tone_type: str | None = None,
    input_level_dbu: float | None = None,
    output_level_dbu: float | None = None,
    date: datetime | None = None,
) -> dict[str, Any]:
    """Date (now, unless given), measured loudness and gain, and those of the other fields that are known."""
    engine = make_engine(network)
    fields: dict[str, Any] = {
        "loudness": loudness_db(engine, sample_rate),
        "gain": gain(engine, sample_rate),
        "name": name,
        "modeled_by": modeled_by,
        "gear_make": gear_make,
        "gear_model": gear_model,
        "gear_type": gear_type,
        "tone_type": tone_type,
        "input_level_dbu": input_level_dbu,
        "output_level_dbu": output_level_dbu,
    }
    known = {key: value for key, value in fields.items() if value is not None}
    if training_settings is not None or validation_esr is not None:
        known["training"] = {"settings": dict(training_settings or {}), "validation_esr": validation_esr}
    return {"date": date_fields(date), **known}


def date_fields(date: datetime | None = None) -> dict[str, int]:
    """A date as the files have it; None for now."""
    date = date or datetime.now()
    return {unit: getattr(date, unit) for unit in ("year", "month", "day", "hour", "minute", "second")}
