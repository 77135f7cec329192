"""Which runs are the best by their records, and which candidates climb."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from voxnas.records.pareto import Array, Objective
from voxnas.records.record import Record
from voxnas.search.objectives import figures
from voxnas.search.selection.rank import Rung, climbers, climbing_order
from voxnas.utils.errors import InputError


def select(records: Mapping[Path, Record], rung: Rung, objectives: Sequence[Objective]) -> list[Path]:
    """The runs whose candidates climb, by the name of their folders where nothing else tells them apart.

    Raises InputError if none has finished with every objective.
    """
    runs, values = _values(records, objectives)
    rows = climbers(values, rung, [o.direction for o in objectives])
    if not rows:
        states = ", ".join(sorted({record.status for record in records.values()})) or "nothing was run"
        names = ", ".join(objective.name for objective in objectives)
        raise InputError(f"{rung.name}: no candidate finished with {names} ({states}): nobody climbs")
    return [runs[row] for row in rows]


def ranked(records: Mapping[Path, Record], objectives: Sequence[Objective]) -> list[Path]:
    """The runs that finished with every objective, in the order of climbing."""
    runs, values = _values(records, objectives)
    return [runs[row] for row in climbing_order(values, [o.direction for o in objectives])]


def _values(records: Mapping[Path, Record], objectives: Sequence[Objective]) -> tuple[list[Path], Array]:
    """The runs by name, and a row of objectives for each; what has not finished with all has none."""
    runs = sorted(records)
    missing = [np.nan] * len(objectives)
    values = np.array([figures(records[run], objectives) or missing for run in runs], dtype=float)
    return runs, values.reshape(-1, len(objectives))
