"""Objectives of a search, as named by figures of the run record."""

import math
from collections.abc import Sequence

from voxnas.problems.base import Problem
from voxnas.records.pareto import Objective
from voxnas.records.record import NUMBERS, Record
from voxnas.utils.errors import InputError


def parse_objectives(names: Sequence[str], problem: Problem) -> list[Objective]:
    """The objectives by name: `parameters` is made small, `-parameters` large, the score what is good of it.

    Raises InputError for none, for one that is named twice and for one that is no figure of a record.
    """
    objectives = [problem.objective(str(name)) for name in names]
    columns = [objective.name for objective in objectives]
    if not columns or len(set(columns)) < len(columns):
        raise InputError(f"objectives={list(names)}: name one or more figures of a run, each once")
    known = [*problem.aliases, *NUMBERS, *problem.figures]
    for given, name in zip(names, columns, strict=True):
        if name not in known:
            shown = str(given).removeprefix("-")
            raise InputError(f"objectives: a run's record has no figure `{shown}`; try {', '.join(known)}")
    return objectives


def figures(record: Record | None, objectives: Sequence[Objective]) -> list[float] | None:
    """A finished run's values of the objectives, or None if one of them is missing, infinite or no number."""
    if record is None or record.status != "ok":
        return None
    values = [record.value(objective.name) for objective in objectives]
    known = all(isinstance(value, int | float) and math.isfinite(value) for value in values)
    return [float(value) for value in values] if known else None
