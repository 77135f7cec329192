"""Sources of sounds by plain values, of a config or of a set's JSON."""

from collections.abc import Mapping
from typing import Any

from voxnas.problems.spectral.sounds.demo_rig import DemoRig
from voxnas.problems.spectral.sounds.notes import Notes
from voxnas.problems.spectral.sounds.recordings import Recordings
from voxnas.problems.spectral.sounds.source import Source
from voxnas.utils.errors import InputError

SOURCES: dict[str, Any] = {source.kind: source for source in (Notes, DemoRig, Recordings)}
SYNTHESISERS = (Notes.kind, DemoRig.kind)  # which play any setting


def source_of(values: Mapping[str, Any]) -> Source:
    """The source of plain values, `type` and its arguments. InputError on a wrong one."""
    given = dict(values)
    kind = given.pop("type", None)
    if kind not in SOURCES:
        raise InputError(f"source.type={kind}: one of {', '.join(SOURCES)}")
    try:
        made: Source = SOURCES[kind](**given)
    except TypeError as error:
        raise InputError(f"source: {error}") from error
    return made


def source_of_set(values: Mapping[str, Any]) -> Source:
    """The source of a set, from its JSON: what plays its knobs again. InputError where nothing can."""
    own = values.get("voxnas", {}).get("source") or {"type": values.get("synth_type")}
    if own.get("type") not in SYNTHESISERS:
        raise InputError(f"a set of {own.get('type')!r} sounds: nothing here plays its knobs again")
    given = {"sample_rate": values["sample_rate"], "seconds": values["duration"]}
    return source_of({**given, **own})
