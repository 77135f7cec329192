"""Objectives of a search, as named by figures of the run record."""

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from hydra.utils import instantiate
from omegaconf import DictConfig

from voxnas.problems.base import Problem
from voxnas.records.pareto import Objective
from voxnas.records.record import NUMBERS, Record
from voxnas.utils.errors import InputError

DIRECTIONS = ("minimize", "maximize")  # Optuna's words


def configured_objectives(cfg: DictConfig) -> list[Objective]:
    """Objectives of a config; see `parse_objectives`. The networks' own figures count too."""

    def own() -> Iterable[str]:
        with suppress(Exception):  # a network that cannot be built has no figures
            return instantiate(cfg.model, _convert_="all").summary()
        return ()

    return parse_objectives(list(cfg.objectives), instantiate(cfg.problem), own)


def parse_objectives(
    names: Sequence[str], problem: Problem, own: Callable[[], Iterable[str]] = tuple
) -> list[Objective]:
    """Objectives by name: `parameters` is made small, `-parameters` large, the score what is good of it.

    `own` tells further figures that the networks have; it is asked where a name is not known otherwise.
    Raises InputError for none, for one that is named twice and for one that is no figure of a record.
    """
    objectives = [problem.objective(str(name)) for name in names]
    columns = [objective.name for objective in objectives]
    if not columns or len(set(columns)) < len(columns):
        raise InputError(f"objectives={list(names)}: name one or more figures of a run, each once")
    known = [*problem.aliases, *NUMBERS, *problem.figures]
    if not set(columns) <= set(known):
        known += [name for name in own() if name not in known]
    for given, name in zip(names, columns, strict=True):
        if name not in known:
            shown = str(given).removeprefix("-")
            raise InputError(f"objectives: a run's record has no figure `{shown}`; try {', '.join(known)}")
    return objectives


def directed(names: Sequence[str], direction: str | Sequence[str] | None, problem: Problem) -> list[str]:
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
    large = [problem.objective(str(name)).maximise for name in names]
    for name, is_large, word in zip(names, large, given, strict=True):
        if is_large and word == "minimize":
            raise InputError(f"{shown}: {name.removeprefix('-')} is to be large: objectives={name}")
    turn = [is_large != (word == "maximize") for is_large, word in zip(large, given, strict=True)]
    return [f"-{name}" if turned else str(name) for name, turned in zip(names, turn, strict=True)]


def figures(record: Record | None, objectives: Sequence[Objective]) -> list[float] | None:
    """A finished run's values of the objectives, or None if one of them is missing, infinite or no number."""
    if record is None or record.status != "ok":
        return None
    values = [record.value(objective.name) for objective in objectives]
    known = all(isinstance(value, int | float) and math.isfinite(value) for value in values)
    return [float(value) for value in values] if known else None
