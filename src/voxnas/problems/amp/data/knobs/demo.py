"""The demo rig's drive, tone and level as a table of settings."""

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from voxnas.audio.demo.cache import demo_pair, demo_paths
from voxnas.models.controls import Control
from voxnas.problems.amp.data.knobs.table import Table, table_of
from voxnas.utils.errors import InputError

KNOBS = ("drive", "tone", "level")
ENDS, MIDDLE = (0.1, 0.9), 0.5


def demo_table(
    folder: Path,
    seconds: float,
    sample_rate: int,
    seed: int,
    knobs: Mapping[str, Sequence[float]] | None = None,
) -> Table:
    """The rig at all combinations of the positions that `knobs` has of each, 0 to 1; a knob without any stays
    in the middle. With no knobs at all a design that a player would record: all corners of the three, the
    middle of every face, and the centre, 15 settings.

    The recordings are made by `make_recordings`, and kept under `folder`.
    """
    settings = _combinations(knobs) if knobs else _face_centred()
    rows = []
    for setting in settings:
        dry, wet = demo_paths(folder, seconds=seconds, sample_rate=sample_rate, seed=seed, **setting)
        rows.append((str(dry), str(wet), setting))
    return table_of([Control(name) for name in settings[0]], rows)


def make_recordings(table: Table, folder: Path, seconds: float, sample_rate: int, seed: int) -> None:
    """Make those of a table's recordings that are not there."""
    for row in table.rows:
        setting: dict[str, Any] = dict(row.setting)
        demo_pair(folder, seconds=seconds, sample_rate=sample_rate, seed=seed, **setting)


def _combinations(knobs: Mapping[str, Sequence[float]]) -> list[dict[str, float]]:
    if unknown := [name for name in knobs if name not in KNOBS]:
        raise InputError(f"data.knobs.{unknown[0]}: the demo rig has {', '.join(KNOBS)}")
    for name, positions in knobs.items():
        if isinstance(positions, str) or not isinstance(positions, Sequence) or len(set(positions)) < 2:
            raise InputError(f"data.knobs.{name}: two positions or more from 0 to 1, such as [0.1,0.5,0.9]")
    return [dict(zip(knobs, values, strict=True)) for values in product(*knobs.values())]


def _face_centred() -> list[dict[str, float]]:
    corners = list(product(ENDS, repeat=len(KNOBS)))
    faces = [
        tuple(end if at == knob else MIDDLE for at in range(len(KNOBS)))
        for knob in range(len(KNOBS))
        for end in ENDS
    ]
    every = [*corners, *faces, (MIDDLE,) * len(KNOBS)]
    return [dict(zip(KNOBS, values, strict=True)) for values in every]
