"""What a search is to make small or large, as named by columns of the run record."""

import math
from collections.abc import Sequence

from voxnas.records.collect import NUMBERS
from voxnas.records.pareto import Objective
from voxnas.records.record import Record
from voxnas.utils.errors import InputError


def parse_objectives(names: Sequence[str]) -> list[Objective]:
    """The objectives by name: `best_val_loss` is made small, `-name` large.

    Raises InputError for none, for one that is named twice and for one that is no figure of a record.
    """
    objectives = [Objective.parse(str(name)) for name in names]
    columns = [objective.name for objective in objectives]
    if not columns or len(set(columns)) < len(columns):
        raise InputError(f"objectives={list(names)}: name one or more figures of a run, each once")
    for name in columns:
        if name not in NUMBERS:
            raise InputError(f"objectives: a run's record has no figure `{name}`; try {', '.join(NUMBERS)}")
    return objectives


def figures(record: Record | None, objectives: Sequence[Objective]) -> list[float] | None:
    """A finished run's values of the objectives, or None if one of them is missing, infinite or no number."""
    if record is None or record.status != "ok":
        return None
    values = [getattr(record, objective.name) for objective in objectives]
    known = all(value is not None and math.isfinite(value) for value in values)
    return [float(value) for value in values] if known else None
