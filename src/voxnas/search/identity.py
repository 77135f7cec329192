"""Identity of runs and of searches: what their config says other than the defaults.

After dora (A. Défossez, "Dora the experiment explorer"): a key that comes later with a neutral default
changes the identity of nothing that was done before. One rule serves runs, their names and searches; which
keys count for what is said in `configs/train.yaml`, under `identity`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from hydra import compose
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from voxnas.records.identity import identity
from voxnas.records.record import FILE_NAME, Record
from voxnas.records.schema1 import PROBLEM
from voxnas.records.schema1_identity import schema1_identity
from voxnas.utils.names import matches
from voxnas.utils.search_path import own_places

ABSENT = "absent"


def run_identity(cfg: DictConfig, record: Record, broken_limit: str | None = None) -> str:
    """The hash of everything that shapes a run's result; a change in it means training anew.

    `broken_limit` stands for the reason of a rejected candidate, which may hold a measured figure.
    """
    rules = cfg.identity
    base = default_config([*rules.choices, *rules.kinds])
    changes = differences(cfg, base, [*rules.ignored, *rules.implied])
    return identity({**changes, **_choices(rules.choices), **_shown(cfg, record, broken_limit)})


def relaxed_identity(cfg: DictConfig, record: Record) -> str:
    """The hash of everything that shapes what a differentiable search finds."""
    rules = cfg.identity
    implied = [pattern for pattern in rules.implied if pattern not in rules.relaxed]
    choices = [*rules.choices, "space"]
    base = default_config([*choices, *rules.kinds, "search"])
    changes = differences(cfg, base, [*rules.ignored, *implied])
    return identity({**changes, **_choices(choices), **_shown(cfg, record, None)})


def search_identity(cfg: DictConfig, settings: Mapping[str, Any], overrides: Sequence[str]) -> str:
    """The hash of what all candidates of a search share: a change in it begins a search of its own.

    Args:
        cfg: the whole config, with Hydra's node.
        settings: what is searched for and where.
        overrides: the command line's; files that they name count by size and time of change too.
    """
    rules = cfg.identity
    groups = [*rules.choices, "space", "search"]
    base = default_config([*groups, *rules.kinds], with_hydra=True)
    own = {key: _plain(value) for key, value in settings.items()}
    if isinstance(own.get("space"), dict):
        default = OmegaConf.select(base, "hydra.sweeper.space")
        own["space"] = _differing(_flat(own["space"]), _flat(_plain(default) or {}))
    changes = differences(cfg, base, rules.ignored, resolve=False)
    named = [o for o in overrides if not matches(o.lstrip("+~").partition("=")[0], rules.ignored)]
    files = [_state(value) for value in _flat(_plain(cfg.data)).values()]
    return identity({**changes, **_choices(groups), **own, "named": sorted(named), "files": files})


def schema1_run_identity(cfg: DictConfig, record: Record, broken_limit: str | None = None) -> str:
    """A run's identity by the rule of the first edition's records; empty for a problem that is not in it."""
    if record.problem != PROBLEM:
        return ""
    groups = ("training", "data", "trainer")
    base = default_config([*cfg.identity.choices, *cfg.identity.kinds])
    config, defaults = ({g: _values(c, g) for g in groups} for c in (cfg, base))
    shown = _shown(cfg, record, broken_limit)
    own = {"seed": cfg.seed, "patience": cfg.patience, "ema": _plain(cfg.callbacks.get("ema"))}
    return schema1_identity(config, defaults, **shown, **own)


def differences(
    cfg: DictConfig, base: DictConfig, ignored: Sequence[str], resolve: bool = True
) -> dict[str, Any]:
    """By dotted key the values that differ from those of `base`, but for what a pattern of `ignored` matches.

    For patterns see `matches`. A key that only `base` has differs too.
    """
    own, default = _flat(_plain(cfg)), _flat(_plain(base))
    keys = [k for k in {*own, *default} if not k.startswith("hydra.") and not matches(k, ignored)]
    values, defaults = ({k: _leaf(c, k, f, resolve) for k in keys} for c, f in ((cfg, own), (base, default)))
    return _differing(values, defaults)


def default_config(groups: Sequence[str], with_hydra: bool = False) -> DictConfig:
    """The config by default, with the choices of these groups that the running job has made."""
    hydra = HydraConfig.get()
    chosen = tuple(f"{group}={hydra.runtime.choices[group]}" for group in groups if _has_choice(group))
    return _composed(str(hydra.job.config_name), (*chosen, *own_places()), with_hydra)


@lru_cache(maxsize=64)
def _composed(config_name: str, chosen: tuple[str, ...], with_hydra: bool) -> DictConfig:
    return compose(config_name, list(chosen), return_hydra_config=with_hydra)


def _has_choice(group: str) -> bool:
    return HydraConfig.get().runtime.choices.get(group) is not None


def _choices(groups: Sequence[str]) -> dict[str, str]:
    """The choices of groups that are not the default ones."""
    default = _composed_choices(str(HydraConfig.get().job.config_name))
    made = {group: HydraConfig.get().runtime.choices.get(group) for group in groups}
    return {
        f"choice of {group}": str(choice) for group, choice in made.items() if choice != default.get(group)
    }


@lru_cache(maxsize=4)
def _composed_choices(config_name: str) -> dict[str, Any]:
    return dict(_composed(config_name, (), True).hydra.runtime.choices)


def _shown(cfg: DictConfig, record: Record, broken_limit: str | None) -> dict[str, Any]:
    """Values that stand for implied keys: the network, the data, the run whose weights it takes."""
    shown = {
        "architecture": record.architecture,
        "rejected": broken_limit,
        "recording": record.data.get("fingerprint"),
        "sections": record.data.get("sections"),
        "init_from": _parent(cfg.init_from),
    }
    inherits = cfg.get("inherit_from")
    return {**shown, "inherit_from": _parent(inherits)} if inherits else shown


def _parent(start: str | None) -> str | None:
    """The identity of the run whose weights this one starts from, or what a file of another kind holds."""
    if start is None:
        return None
    path = Path(start).expanduser()
    folder = path if path.is_dir() else path.parent.parent
    if (path.is_dir() or path.suffix == ".ckpt") and (folder / FILE_NAME).exists():
        return Record.read(folder).identity
    known = path.suffix == ".ckpt" or not path.is_file()
    return start if known else hashlib.sha256(path.read_bytes()).hexdigest()


def _values(cfg: DictConfig, group: str) -> dict[str, Any]:
    """A group as plain values, resolved but for those that the config has no value for."""

    def resolved(value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {name: resolved(item, f"{key}.{name}") for name, item in value.items()}
        return _leaf(cfg, key, {key: value}, resolve=True)

    found: dict[str, Any] = resolved(_plain(cfg[group]), group)
    return found


def _leaf(cfg: DictConfig, key: str, flat: Mapping[str, Any], resolve: bool) -> Any:
    value = flat.get(key, ABSENT)
    if not resolve or not (isinstance(value, str | list) and "${" in str(value)):
        return value
    return _plain(OmegaConf.select(cfg, key, throw_on_missing=False))


def _differing(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    keys = sorted({*values, *defaults})
    pairs = {key: (values.get(key, ABSENT), defaults.get(key, ABSENT)) for key in keys}
    return {key: value for key, (value, default) in pairs.items() if value != default}


def _flat(values: Any, prefix: str = "") -> dict[str, Any]:
    """Nested values by dotted key; lists are values."""
    found: dict[str, Any] = {}
    for key, value in (values or {}).items():
        name = f"{prefix}{key}"
        found |= _flat(value, f"{name}.") if isinstance(value, dict) and value else {name: value}
    return found


def _plain(value: Any) -> Any:
    return OmegaConf.to_container(value, resolve=False) if OmegaConf.is_config(value) else value


def _state(path: Any) -> Any:
    """A file as far as a search is concerned: its name, size and time of change."""
    file = Path(path) if isinstance(path, str) and len(path) < 1000 else Path()
    return [path, file.stat().st_size, file.stat().st_mtime_ns] if file.is_file() else None
