"""Containers in `.nam` files: several models, of which the player's slim value picks the one that plays."""

from collections.abc import Mapping, Sequence
from typing import Any

from voxnas.export.nam_config import NEW_VERSION
from voxnas.export.nam_keys import check_version
from voxnas.utils.errors import InputError

CONTAINER, MAX_SUBMODELS, MAX_DEPTH = "SlimmableContainer", 64, 8
# What users want to know of such a file, as the plug-in's engine does it
PLAYED = (
    "The player's slim value, from 0 to 1, picks the first model whose `max_value` is above it, at 1 the"
    " last: slim 0 plays the cheapest. Until a player sets the value the engine plays the last, which costs"
    " most. A switch starts the model that it picks afresh, without a cross-fade."
)


def packed(
    models: Sequence[Mapping[str, Any]], sample_rate: int, metadata: Mapping[str, Any]
) -> dict[str, Any]:
    """The content of a container of files' contents, which share its slim value evenly, in their order."""
    count = len(models)
    submodels = [{"max_value": place / count, "model": dict(m)} for place, m in enumerate(models, 1)]
    return {
        "version": NEW_VERSION,
        "metadata": dict(metadata),
        "architecture": CONTAINER,
        "config": {"submodels": submodels},
        "weights": [],
        "sample_rate": sample_rate,
    }


def positions(count: int) -> list[str]:
    """The slim values from which, and up to which, each of so many models plays."""
    return [f"{place / count:.3g} to {(place + 1) / count:.3g}" for place in range(count)]


def unpacked(content: Mapping[str, Any], depth: int = 1) -> list[dict[str, Any]]:
    """The contents of a container's models, those of containers in it in their place.

    What they do not say of their sample rate and metadata, the container says. Raises InputError where the
    plug-in would refuse it, or there are too many.
    """
    check_version(content.get("version"))
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
            models += unpacked(model, depth + 1)
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
