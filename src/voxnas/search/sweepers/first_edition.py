"""Searches that the first edition of records has begun: the same command goes on with them."""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from voxnas.records.schema1_search import is_of_the_first_edition, schema1_search_identity
from voxnas.utils.names import matches

SAVED, KEPT = "multirun.yaml", "multirun-schema1.yaml"
DECIDE = ("search", "seed", "constraints")  # which candidates are drawn, beside the command line …
FREE = ("threads", "stale_after_s", "logger*", "hydra[./]launcher*", "debug*")  # … without these

Identity = Callable[[Sequence[str] | None], str | None]


def keep_saved(folder: Path) -> None:
    """Put aside the config that a sweep of then has left in its folder, before another takes its place."""
    saved = folder / SAVED
    if not (folder / KEPT).exists() and saved.exists() and is_of_the_first_edition(_plain(saved)):
        own = folder / f".{KEPT}-{os.getpid()}"
        shutil.copy2(saved, own)
        os.replace(own, folder / KEPT)


def identity_then(config: DictConfig) -> Identity:
    """The name of this search in the first edition, see `schema1_search_identity`; None where it has none.

    That is where the sweep of then was the same command line, with the same settings.
    """
    kept = Path(config.hydra.sweep.dir) / KEPT
    saved = _plain(kept) if kept.exists() else {}
    now: Any = OmegaConf.to_container(config, resolve=False)
    if not saved or not _is_same(saved, now):
        return lambda also: None
    return partial(schema1_search_identity, saved)


def _is_same(saved: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    commands = [_shaping(config["hydra"]["overrides"]["task"]) for config in (saved, now)]
    return commands[0] == commands[1] and all(_has(now.get(key), saved.get(key)) for key in DECIDE)


def _shaping(overrides: Sequence[str]) -> list[str]:
    return sorted(o for o in overrides if not matches(o.lstrip("+~").partition("=")[0], FREE))


def _has(own: Any, then: Any) -> bool:
    """Whether all values of then are still the same."""
    if isinstance(then, dict) and isinstance(own, dict):
        return all(own.get(key) == value for key, value in then.items())
    return bool(own == then)


def _plain(path: Path) -> dict[str, Any]:
    loaded: Any = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    return loaded if isinstance(loaded, dict) else {}
