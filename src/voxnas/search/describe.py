"""What a run's record says before the run: who, where, with what."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from voxnas.data.amp_pair import Recording
from voxnas.models.base import Network
from voxnas.records.identity import git_revision, identity, machine, versions
from voxnas.records.record import Record
from voxnas.records.search_record import SearchRecord, search_behind
from voxnas.search.cost import Cost, CostMeter
from voxnas.utils.clock import now
from voxnas.utils.resolvers import named_overrides

_NOT_SHAPING = {
    "data": {"_target_", "input", "target", "folder"},  # the fingerprint stands for the files
    "trainer": {"_target_", "accelerator", "devices", "log_every_n_steps", "default_root_dir", "logger"}
    | {"enable_progress_bar", "enable_model_summary", "plugins"},
}


def new_record(cfg: DictConfig, sample_rate: int) -> Record:
    """A record in the state "running" with everything that is known of its surroundings."""
    return Record(
        candidate=cfg.name,
        study=cfg.study,
        rung=cfg.rung,
        status="running",
        identity="",
        seed=cfg.seed,
        sample_rate=sample_rate,
        settings=_settings(cfg),
        machine=machine() | {"threads": _threads(cfg)},
        versions=versions(),
        git_revision=git_revision(Path(cfg.paths.root_dir)),
        created=now(),
    )


def _threads(cfg: DictConfig) -> int:
    import torch

    return torch.get_num_threads()


def _settings(cfg: DictConfig) -> dict[str, Any]:
    """What the candidate sets beside its architecture, so that a promotion can hand it on."""
    named = [key for key in named_overrides(cfg.unnamed) if not key.startswith("model")]
    keys = [*(cfg.get("inherited") or []), *(key for key in named if "." in key or key == "seed")]
    return {key: _plain(OmegaConf.select(cfg, key)) for key in sorted(set(keys))}


def _plain(value: Any, resolve: bool = True) -> Any:
    return OmegaConf.to_container(value, resolve=resolve) if OmegaConf.is_config(value) else value


def describe_network(record: Record, network: Network, sample_rate: int) -> None:
    """Architecture, size and cost known without training."""
    record.architecture = network.architecture()
    record.receptive_field = network.receptive_field
    record.delay_samples = network.delay_samples
    record.latency_ms = network.latency_ms(sample_rate)
    record.parameters = network.num_parameters
    record.macs_per_sample = network.macs_per_sample
    for name, value in network.summary().items():
        setattr(record, name, value)


def describe_data(record: Record | SearchRecord, recording: Recording) -> None:
    """Which files, which sections."""
    pair, sections = recording.pair, recording.sections
    record.data = {
        "fingerprint": pair.fingerprint,
        "input": os.fspath(pair.input_path),
        "target": os.fspath(pair.target_path),
        "delay_samples": pair.delay_samples,
        "sections": {name: list(getattr(sections, name)) for name in ("train", "val", "test")},
    }


def describe_search(record: Record, genotype: str | None) -> None:
    """Where a genotype's run comes from, if from a search of ours."""
    if genotype is not None:
        record.search = search_behind(Path(genotype))


def describe_cost(record: Record, network: Network, meter: CostMeter, earlier: Record | None) -> Cost:
    """The network's cost before training; as `earlier` has it, if that is of the same network."""
    assert record.sample_rate is not None
    same = earlier is not None and identity(earlier.architecture) == identity(record.architecture)
    cost = meter.cost(network, record.sample_rate, earlier.cost if earlier and same else None)
    record.cost = asdict(cost)
    return cost


def identify(cfg: DictConfig, record: Record, broken_limit: str | None = None) -> str:
    """The hash of everything that shapes the result; a change in it means training anew.

    `broken_limit` stands for the reason of a rejected candidate, which may hold a measured figure.
    """
    shaped_by = {
        "architecture": record.architecture,
        "rejected": broken_limit,
        "recording": record.data.get("fingerprint"),
        "sections": record.data.get("sections"),
        "seed": cfg.seed,
        "patience": cfg.patience,
        "training": _plain(cfg.training),
        "data": shaping(cfg, "data"),
        "trainer": shaping(cfg, "trainer"),
        "ema": _plain(cfg.callbacks.get("ema")),
        "init_from": _parent(cfg.init_from),
    }
    return identity(shaped_by)


def sweep_identity(cfg: DictConfig, search: Mapping[str, Any], overrides: Sequence[str]) -> str:
    """The hash of what all candidates of a search share: a change in it begins a search of its own.

    `search` says what is searched for and where. Recordings count by name, size and time of change.
    """
    groups = {group: _plain(cfg[group], resolve=False) for group in ("model", "training", "data", "trainer")}
    for group, unimportant in _NOT_SHAPING.items():
        groups[group] = {k: v for k, v in groups[group].items() if k not in unimportant}
    values = ("seed", "patience", "constraints", "cost", "time_cap", "init_from")
    shared = {key: _plain(cfg.get(key), resolve=False) for key in values}
    files = [_state(cfg.data.get(name)) for name in ("input", "target")]
    own = {key: _plain(value, resolve=False) for key, value in search.items()}
    named = named_overrides(cfg.unnamed, overrides)
    ema = _plain(cfg.callbacks.get("ema"), resolve=False)
    return identity(groups | shared | own | {"files": files, "named": named, "ema": ema})


def _state(path: str | None) -> list[Any]:
    file = Path(path or "")
    return [path, file.stat().st_size, file.stat().st_mtime_ns] if file.is_file() else [path]


def shaping(cfg: DictConfig, group: str) -> dict[str, Any]:
    return {key: value for key, value in _plain(cfg[group]).items() if key not in _NOT_SHAPING[group]}


def _parent(checkpoint: str | None) -> str | None:
    """The identity of the run whose weights this one starts from."""
    if checkpoint is None:
        return None
    folder = Path(checkpoint).parent.parent
    return Record.read(folder).identity if (folder / "record.json").exists() else checkpoint
