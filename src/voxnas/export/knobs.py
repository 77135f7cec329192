"""Models with knobs on their way into files without: at one setting, or at several in a container."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from voxnas.export.load import Model
from voxnas.export.metadata_of import metadata_of, metadata_of_all
from voxnas.export.nam_container import MAX_SUBMODELS, PLAYED, positions
from voxnas.export.pack import Member, write_container
from voxnas.models.controls import check_names
from voxnas.utils.errors import InputError

SWEEP = re.compile(r"sweep:(\d{1,4})")


def folded(model: Model, setting: Mapping[str, Any]) -> Model:
    """The model with these controls fixed, and gone. InputError on a name or a value off the panel."""
    if not setting:
        return model
    for name, value in setting.items():
        if SWEEP.fullmatch(str(value)):
            raise InputError(
                f"controls.{name}={value}: a sweep goes into a container; add format=nam_container"
            )
    return replace(model, network=model.network.fold(setting))


def write_sweep(
    model: Model, setting: Mapping[str, Any], path: Path, sample_rate: int, given: Mapping[str, Any]
) -> Path:
    """Write a model at positions of one knob, from end to end, into a container: the player's slim value
    becomes that knob. Says which position lies where, and returns the path.

    `setting` gives one control as `sweep:11`, for 11 positions, and the others as values; `given` are the
    user's metadata. Raises InputError where that is not so.
    """
    check_names(model.network.controls, setting)
    swept = {name: SWEEP.fullmatch(str(value)) for name, value in setting.items()}
    names = [name for name, found in swept.items() if found]
    if len(names) != 1:
        raise InputError(f"controls: {' and '.join(names)} are swept, and a container has one slider for one")
    (name,) = names
    fixed = {key: value for key, value in setting.items() if key != name}
    control = next(c for c in model.network.controls if c.name == name)
    if left := [c.name for c in model.network.controls if c.name not in setting]:
        raise InputError(f"controls.{left[0]} is left over: give it a value, such as controls.{left[0]}="
                         f"{_text(model, left[0])}")  # fmt: skip
    count = int(swept[name][1])  # type: ignore[index]
    if count > MAX_SUBMODELS:
        raise InputError(f"controls.{name}=sweep:{count}: {MAX_SUBMODELS} positions at most")
    members, values = [], control.positions(count)
    for value in values:
        one = replace(model, network=model.network.fold({**fixed, name: value}))
        said = metadata_of(one, sample_rate, given)
        members.append(
            Member(one, {**said, "name": f"{said.get('name') or one.network.name} {name}={_shown(value)}"})
        )
    shared = metadata_of_all(None, [member.metadata for member in members], given)
    written = write_container(members, path, sample_rate, {"name": model.network.name, **shared})
    for position, value in zip(positions(len(values)), values, strict=True):
        print(f"slim {position}: {name}={_shown(value)}")
    print(
        PLAYED.replace("`", "").replace(": slim 0 plays the cheapest", "").replace(", which costs most", "")
    )
    return written


def is_sweep(setting: Mapping[str, Any]) -> bool:
    """Whether one of the controls is to be swept."""
    return any(SWEEP.fullmatch(str(value)) for value in setting.values())


def suffix(setting: Mapping[str, Any]) -> str:
    """What tells a folded model's file from others: `-drive7-tone0.5`."""
    said = "".join(f"-{name}{_shown(value)}" for name, value in setting.items())
    return re.sub(r"[^\w.-]+", "_", said)


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _text(model: Model, name: str) -> str:
    return next(_shown(c.at_rest) for c in model.network.controls if c.name == name)
