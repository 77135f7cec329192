"""Names after what they stand for, so that the same thing is found again under the same name."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from voxnas.utils.errors import InputError

RUN_BYTES = 237  # of a run's name: what it exports has four letters more, and fourteen while it is written
STUDY_BYTES = 255
MAX_SHOWN = 80  # characters of a value


def genotype_name(values: Mapping[str, Any]) -> str:
    """The name of a genotype's plain values: readable, and another one for another genotype.

    Such as `darts-cells-l3-c1-1a2b3c4d`: kind, layers, channels of the first ones, eight digits of a hash.
    Raises InputError on what is no genotype.
    """
    try:
        kind = values["kind"]
        layers, channels = {"cells": ("dilations", "init_channels"), "wavenet": ("layers", "channels")}[kind]
        sizes = f"l{len(values[layers])}-c{int(values[channels])}"
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"not a genotype ({type(error).__name__}: {error})") from error
    text = json.dumps(values, sort_keys=True)
    return f"darts-{kind}-{sizes}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def matches(key: str, patterns: Sequence[str]) -> bool:
    """Whether the last of the patterns that fit a dotted key takes it in; one with a ! takes it out."""
    taken = False
    for pattern in patterns:
        if fnmatchcase(key, pattern.removeprefix("!")):
            taken = not pattern.startswith("!")
    return taken


def not_a_folder(name: str, most_bytes: int) -> str:
    """Why a name cannot be that of a folder within another; empty if it can."""
    if name.strip() in ("", ".", ".."):
        return "is no name"
    if any(c in "/\\" or not c.isprintable() for c in name):
        return "has slashes or the like in it"
    size = len(name.encode(errors="replace"))
    return f"has {size} bytes, {most_bytes} at most" if size > most_bytes else ""


def shown(value: Any) -> str:
    """A value in a line about it, as a user would write it."""
    said = {None: "null", True: "true", False: "false"}
    text = said[value] if value is None or isinstance(value, bool) else " ".join(str(value).split())
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
