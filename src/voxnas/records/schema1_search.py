"""Identity of searches as the first edition had it: the same command finds what it has begun then.

It was the hash of what all candidates of a search share, and stands in the names of its lists of candidates
and of its Optuna study. The names below are history, and are kept as they were.
"""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from voxnas.records.identity import identity
from voxnas.utils.resolvers import safe_name

GROUPS = ("model", "training", "data", "trainer")
VALUES = ("seed", "patience", "constraints", "cost", "time_cap", "init_from")
NOT_SHAPING = {
    "data": {"_target_", "input", "target", "folder"},
    "trainer": {"_target_", "accelerator", "devices", "log_every_n_steps", "default_root_dir", "logger"}
    | {"enable_progress_bar", "enable_model_summary", "plugins"},
}


def is_of_the_first_edition(config: Mapping[str, Any]) -> bool:
    """Whether a sweep's saved config is one of then."""
    return "unnamed" in config and "identity" not in config


def schema1_search_identity(config: Mapping[str, Any], also: Sequence[str] | None = None) -> str:
    """The hash of then.

    Args:
        config: of the sweep, with Hydra's node, as plain, unresolved values.
        also: overrides of every run beside the command line's, for the name of an Optuna study; None for a
            list of candidates.
    """
    sweeper, search = config["hydra"]["sweeper"], config.get("search") or {}
    own = {"params": sweeper.get("params"), "space": sweeper.get("space")}
    if also is not None:
        own |= {"objectives": list(config["objectives"]), "also": list(also)}
    else:
        own |= _of_a_list(config, search)
    groups = {group: _shaping(group, config[group]) for group in GROUPS}
    shared = {key: config.get(key) for key in VALUES}
    files = [_state(config["data"].get(name)) for name in ("input", "target")]
    named = _named(config["hydra"]["overrides"]["task"], config["unnamed"])
    ema = config["callbacks"].get("ema")
    return identity({**groups, **shared, **own, "files": files, "named": named, "ema": ema})


def _of_a_list(config: Mapping[str, Any], search: Mapping[str, Any]) -> dict[str, Any]:
    own: dict[str, Any] = {"source": search.get("source"), "n": search.get("candidates")}
    if search.get("source") == "evolution":
        own |= {"generations": search["generations"], "parents": search["parents"]}
        own |= {"names": list(config["objectives"]), "epochs": search["rungs"][0]}
    if config.get("max_cpu_rtf") is not None:
        own |= {"budget": float(config["max_cpu_rtf"]), "share": search.get("share")}
    return own


def _shaping(group: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in NOT_SHAPING.get(group, ())}


def _state(path: str | None) -> list[Any]:
    file = Path(path or "")
    return [path, file.stat().st_size, file.stat().st_mtime_ns] if file.is_file() else [path]


def _named(overrides: Sequence[str], unnamed: Sequence[str]) -> dict[str, str]:
    pairs = (override.lstrip("+~").partition("=") for override in overrides)
    found = {key: value for key, _, value in pairs if not any(fnmatchcase(key, p) for p in unnamed)}
    return {key: safe_name(found[key]) for key in sorted(found)}
