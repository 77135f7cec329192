"""Record of a job before the job: who, where, with what."""

from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf

from voxnas.problems.base import Problem
from voxnas.records.identity import git_revision, identity, machine, versions
from voxnas.records.record import FILE_NAMES, Record
from voxnas.search.cost.base import Cost, Meter
from voxnas.utils.clock import now
from voxnas.utils.resolvers import named_overrides, not_in_names


def new_record(cfg: DictConfig, problem: Problem, kind: str = "candidate") -> Record:
    """A record in the state "running" with everything that is known of its surroundings."""
    return Record(
        candidate=cfg.name,
        study=cfg.study,
        rung=cfg.rung,
        status="running",
        identity="",
        problem=problem.name,
        kind=kind,
        maximise=problem.score.maximise,
        seed=cfg.seed,
        settings=_settings(cfg),
        machine=machine() | {"threads": torch.get_num_threads()},
        versions=versions(),
        git_revision=git_revision(Path(cfg.paths.root_dir)),
        created=now(),
    )


def _settings(cfg: DictConfig) -> dict[str, Any]:
    """Settings of the candidate beside its architecture, which a promotion hands on."""
    named = [key for key in named_overrides(not_in_names(cfg)) if not key.startswith("model")]
    keys = [*(cfg.get("inherited") or []), *(key for key in named if "." in key or key == "seed")]
    return {key: _plain(OmegaConf.select(cfg, key)) for key in sorted(set(keys))}


def estimate_cost(record: Record, network: Any, meter: Meter, earlier: Record | None) -> Cost:
    """The network's cost before training; as `earlier` has it, if that is of the same network."""
    same = earlier is not None and identity(earlier.architecture) == identity(record.architecture)
    cost = meter.cost(network, record.shape, earlier.estimate if earlier and same else None)
    record.estimate = cost.as_values()
    return cost


def search_behind(genotype: Path) -> dict[str, Any]:
    """Search that found a run's genotype, as its record has it; empty for one from elsewhere."""
    path = genotype.parent / FILE_NAMES["search"]
    if not path.exists():
        return {}
    found = Record.read(path)
    named = {"name": found.candidate, "seconds": found.train_seconds, **found.search}
    kept = ("status", "identity", "seed", "score", "best_epoch", "epochs", "settings", "history", "created")
    rest = {name: getattr(found, name) for name in (*kept, "finished")}
    return {key: value for key, value in (named | rest).items() if key != "genotype"}


def _plain(value: Any) -> Any:
    return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
