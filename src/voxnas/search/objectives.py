"""What a search is to make small or large, as named by columns of the run record."""

import math
from collections.abc import Sequence

from voxnas.records.collect import NUMBERS
from voxnas.records.pareto import Objective
from voxnas.records.record import Record
from voxnas.utils.errors import InputError

DIRECTIONS = {"minimize": "", "maximize": "-"}  # Optuna's words, and our signs


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


def directed(names: Sequence[str], direction: str | Sequence[str] | None) -> list[str]:
    """The objectives with the signs that `direction`, `minimize` or `maximize` for each in order, gives them.

    Raises InputError for other words, another number of them, and one against an objective's own sign.
    """
    if direction is None:
        return [str(name) for name in names]
    given = [direction] if isinstance(direction, str) else [str(word) for word in direction]
    shown = f"hydra.sweeper.direction=[{','.join(given)}]"
    if any(word not in DIRECTIONS for word in given):
        raise InputError(f"{shown}: give {' or '.join(DIRECTIONS)} for each objective")
    if len(given) != len(names):
        listed = ",".join(map(str, names))
        raise InputError(f"{shown}: {len(given)} directions for {len(names)} objectives, [{listed}]")
    if wrong := [n for n, word in zip(names, given, strict=True) if n[:1] == "-" and word == "minimize"]:
        raise InputError(f"{shown}: objectives says that {wrong[0][1:]} is to be large: {wrong[0]}")
    return [DIRECTIONS[word] + name.removeprefix("-") for name, word in zip(names, given, strict=True)]


def figures(record: Record | None, objectives: Sequence[Objective]) -> list[float] | None:
    """A finished run's values of the objectives, or None if one of them is missing, infinite or no number."""
    if record is None or record.status != "ok":
        return None
    values = [getattr(record, objective.name) for objective in objectives]
    known = all(value is not None and math.isfinite(value) for value in values)
    return [float(value) for value in values] if known else None
