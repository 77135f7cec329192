"""Formats that a network can be written in, by the names that the command line and configs use."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voxnas.export.aidax import write_aidax
from voxnas.export.header.render import write_header
from voxnas.export.nam import write_nam
from voxnas.export.proteus import SAMPLE_RATE, write_proteus
from voxnas.export.record_json import FILE_NAME, write_record_json
from voxnas.export.rtneural import write_rtneural
from voxnas.models.base import StreamingNetwork
from voxnas.utils.errors import InputError

Writer = Callable[[StreamingNetwork, str | Path, int, Mapping[str, Any] | None], Path]


@dataclass(frozen=True)
class Format:
    """Format of a file. `write` takes the network, a path, the rate in Hz and `nam_metadata`'s metadata.

    `suffix` is of the files that its players load; `in_run` is the name in a run's folder where that does
    not go by the candidate's; `rate` in Hz is the only one at which the players run such files; `controls`
    whether such a file has the network's knobs.
    """

    suffix: str
    write: Writer
    in_run: str | None = None
    rate: int | None = None
    controls: bool = False


FORMATS = {
    "nam": Format(".nam", write_nam),
    "json": Format(".json", write_record_json, in_run=FILE_NAME, controls=True),
    "rtneural": Format(".rtneural.json", write_rtneural),
    "aidax": Format(".aidax.json", write_aidax, controls=True),
    "proteus": Format(".proteus.json", write_proteus, rate=SAMPLE_RATE, controls=True),
    "header": Format(".h", write_header, controls=True),
}


def find_format(name: str, others: Sequence[str] = ()) -> Format:
    """The format of that name; InputError with those there are, and the user's others, if it is none."""
    if name not in FORMATS:
        raise InputError(f"format={name} is unknown; use one of {', '.join([*FORMATS, *others])}")
    return FORMATS[name]
