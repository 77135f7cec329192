"""Preview of a space: what each candidate is and costs, known without training."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig
from rich.table import Table

from voxnas.problems.base import Figure, Problem
from voxnas.problems.data import DataModule
from voxnas.search.constraints import violation
from voxnas.search.cost.base import CostUnknown, Meter
from voxnas.utils.app import root_cause


@dataclass(frozen=True)
class Candidate:
    """One point of a space. `rejected` says why, or is None; what cannot be built has no figures."""

    name: str
    rejected: str | None
    shape: Mapping[str, Any] = field(default_factory=dict)
    cost: float | None = None  # where it was asked for, or a limit asks
    costs: Mapping[str, float] = field(default_factory=dict)  # then, and what follows from it, by name
    architecture: Mapping[str, Any] = field(default_factory=dict)


def preview(configs: Iterable[DictConfig], with_cost: bool = False) -> list[Candidate]:
    """Build each candidate's network (untrained) and hold it to its constraints.

    `with_cost` measures every one, even where no limit asks for it.
    Raises what `config.data` raises when there is no such recording, and `violation` on limits.
    """
    return [_candidate(config, with_cost) for config in configs]


def _candidate(config: DictConfig, with_cost: bool) -> Candidate:
    problem: Problem = instantiate(config.problem)
    data: DataModule = instantiate(config.data)
    try:
        network = instantiate(config.model, _convert_="all")
    except Exception as error:
        return Candidate(config.name, f"cannot be built: {root_cause(error)}")
    shape = problem.shape(network, data)
    candidate = Candidate(config.name, None, shape, architecture=network.architecture())
    meter = cost_meter(config)
    tell = None if meter is None else cache(partial(meter.cost, network, candidate.shape))
    try:
        limits = dict(config.constraints)
        broken = violation(candidate.shape, limits, problem.figures, tell, cost_figures(meter))
        told = tell() if tell is not None and (with_cost or tell.cache_info().misses) else None
    except CostUnknown as error:
        return replace(candidate, rejected=str(error))
    rejected = None if broken is None else broken.reason
    if told is not None:
        candidate = replace(candidate, cost=told.value, costs=told.figures)
    return replace(candidate, rejected=rejected)


def cost_meter(config: DictConfig) -> Meter | None:
    """Meter of costs, if the problem has one."""
    meter: Meter | None = None if config.get("cost") is None else instantiate(config.cost, _convert_="all")
    return meter


def cost_title(config: DictConfig, problem: Problem) -> str:
    """The heading of the cost in a table."""
    meter = cost_meter(config)
    return "cost" if meter is None else _figure(problem, meter.figure).short or meter.figure


def cost_figures(meter: Meter | None) -> tuple[str, ...]:
    """The figures of cost that limits may name."""
    return () if meter is None else tuple(meter.figures)


def table(candidates: Sequence[Candidate], title: str, problem: Problem, cost: str = "cost") -> Table:
    """All candidates for the terminal, the rejected ones with their reasons; `cost` titles its column."""
    kept = sum(candidate.rejected is None for candidate in candidates)
    grid = Table(title=f"{title}: {kept} of {len(candidates)} candidates kept")
    grid.add_column("candidate", no_wrap=True)
    with_cost = any(candidate.cost is not None for candidate in candidates)
    titles = [
        _figure(problem, name).short or _figure(problem, name).title or name for name in problem.overview
    ]
    for column in [*titles, *([cost] if with_cost else [])]:
        grid.add_column(column, justify="right")
    grid.add_column("verdict")
    for c in candidates:
        shown = [_written(c.shape.get(name), _figure(problem, name)) for name in problem.overview]
        costs = ["–" if c.cost is None else f"{c.cost:.4f}"] if with_cost else []
        verdict = "[green]kept[/]" if c.rejected is None else f"[red]rejected[/]: {c.rejected}"
        grid.add_row(c.name, *shown, *costs, verdict)
    return grid


def summary(candidates: Sequence[Candidate], size: int | None) -> str:
    """Of how many candidates this is a sample, and what share of it the limits reject."""
    of = (
        "an unknown number" if size is None else f"at most {size:,d}" if size < 1e6 else f"at most {size:.1e}"
    )
    rejected = sum(candidate.rejected is not None for candidate in candidates)
    share = f" ({rejected / len(candidates):.0%})" if candidates else ""
    return f"a sample of {of} distinct candidates; the limits reject {rejected} of {len(candidates)}{share}"


def _figure(problem: Problem, name: str) -> Figure:
    return problem.figures.get(name, Figure())


def _written(value: float | None, figure: Figure) -> str:
    if value is None:
        return "–"
    return format(value, figure.digits or (",d" if figure.integer else ".3g"))
