"""What each candidate of a space is and costs, known without training."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hydra.utils import instantiate
from omegaconf import DictConfig
from rich.table import Table

from voxnas.models.base import Network
from voxnas.search.constraints import violation
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
    cpu_rtf: float | None = None


def preview(configs: Iterable[DictConfig]) -> list[Candidate]:
    """Build each candidate's network (untrained) and hold it to its constraints.

    Raises what `config.data` raises when there is no such recording.
    """
    return [_candidate(config) for config in configs]


def _candidate(config: DictConfig) -> Candidate:
    sample_rate = instantiate(config.data).sample_rate
    try:
        network: Network = instantiate(config.model, _convert_="all")
    except Exception as error:
        return Candidate(config.name, f"cannot be built: {root_cause(error)}")
    return Candidate(
        name=config.name,
        receptive_field=network.receptive_field,
        latency_ms=network.latency_ms(sample_rate),
        parameters=network.num_parameters,
        macs_per_sample=network.macs_per_sample,
        rejected=violation(network, sample_rate, **config.constraints),
    )


def table(candidates: Sequence[Candidate], title: str) -> Table:
    """All candidates for the terminal, the rejected ones with their reasons."""
    kept = sum(candidate.rejected is None for candidate in candidates)
    grid = Table(title=f"{title}: {kept} of {len(candidates)} candidates kept")
    grid.add_column("candidate", no_wrap=True)
    for column in ("receptive field", "latency ms", "parameters", "MACs/sample"):
        grid.add_column(column, justify="right")
    grid.add_column("verdict")
    for c in candidates:
        figures = (
            _figure(c.receptive_field, "d"),
            _figure(c.latency_ms, ".2f"),
            _figure(c.parameters, ",d"),
            _figure(c.macs_per_sample, ",d"),
        )
        verdict = "[green]kept[/]" if c.rejected is None else f"[red]rejected[/]: {c.rejected}"
        grid.add_row(c.name, *figures, verdict)
    return grid


def _figure(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)
