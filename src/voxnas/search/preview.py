"""What each candidate of a space is and costs, known without training."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

from hydra.utils import instantiate
from omegaconf import DictConfig
from rich.table import Table

from voxnas.models.base import Network
from voxnas.search.constraints import violation
from voxnas.search.cost import CostMeter, CostUnknown
from voxnas.utils.app import root_cause


@dataclass(frozen=True)
class Candidate:
    """One point of a space. `rejected` says why, or is None; what cannot be built has no figures."""

    name: str
    rejected: str | None
    receptive_field: int | None = None
    latency_ms: float | None = None
    parameters: int | None = None
    macs_per_sample: int | None = None
    cpu_rtf: float | None = None  # where it was asked for, or a limit asks


def preview(configs: Iterable[DictConfig], with_cost: bool = False) -> list[Candidate]:
    """Build each candidate's network (untrained) and hold it to its constraints.

    `with_cost` measures every one, even where no limit asks for it.
    Raises what `config.data` raises when there is no such recording, and `violation` on limits.
    """
    return [_candidate(config, with_cost) for config in configs]


def _candidate(config: DictConfig, with_cost: bool) -> Candidate:
    sample_rate = instantiate(config.data).sample_rate
    try:
        network: Network = instantiate(config.model, _convert_="all")
    except Exception as error:
        return Candidate(config.name, f"cannot be built: {root_cause(error)}")
    candidate = Candidate(
        name=config.name,
        receptive_field=network.receptive_field,
        latency_ms=network.latency_ms(sample_rate),
        parameters=network.num_parameters,
        macs_per_sample=network.macs_per_sample,
        rejected=None,
    )
    tell_cost = cache(partial(_meter(config).cost, network, sample_rate))
    try:
        broken = violation(network, sample_rate, tell_cost, **config.constraints)
        cpu_rtf = tell_cost().cpu_rtf if with_cost or tell_cost.cache_info().misses else None
    except CostUnknown as error:
        return replace(candidate, rejected=str(error))
    return replace(candidate, rejected=None if broken is None else broken.reason, cpu_rtf=cpu_rtf)


def _meter(config: DictConfig) -> CostMeter:
    meter: CostMeter = instantiate(config.cost, _convert_="all")
    return meter


def table(candidates: Sequence[Candidate], title: str) -> Table:
    """All candidates for the terminal, the rejected ones with their reasons."""
    kept = sum(candidate.rejected is None for candidate in candidates)
    grid = Table(title=f"{title}: {kept} of {len(candidates)} candidates kept")
    grid.add_column("candidate", no_wrap=True)
    with_cost = any(candidate.cpu_rtf is not None for candidate in candidates)
    costs = ["CPU RTF"] if with_cost else []
    for column in ("receptive field", "latency ms", "parameters", "MACs/sample", *costs):
        grid.add_column(column, justify="right")
    grid.add_column("verdict")
    for c in candidates:
        figures = (
            _figure(c.receptive_field, "d"),
            _figure(c.latency_ms, ".2f"),
            _figure(c.parameters, ",d"),
            _figure(c.macs_per_sample, ",d"),
            *([_figure(c.cpu_rtf, ".4f")] if with_cost else []),
        )
        verdict = "[green]kept[/]" if c.rejected is None else f"[red]rejected[/]: {c.rejected}"
        grid.add_row(c.name, *figures, verdict)
    return grid


def summary(candidates: Sequence[Candidate], size: int | None) -> str:
    """Of how many candidates this is a sample, and what share of it the limits reject."""
    of = (
        "an unknown number" if size is None else f"at most {size:,d}" if size < 1e6 else f"at most {size:.1e}"
    )
    rejected = sum(candidate.rejected is not None for candidate in candidates)
    share = f" ({rejected / len(candidates):.0%})" if candidates else ""
    return f"a sample of {of} distinct candidates; the limits reject {rejected} of {len(candidates)}{share}"


def _figure(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)
