"""Settings that all runs of a study's sweep have in common, which names of runs leave out.

What the command line fixes for a whole sweep does not tell its runs apart. The first sweep in a folder writes
down what that is, and runs are named by what differs from it. So a later sweep with other settings, or
without these, has names of its own; and in a folder that has runs but no such file, they are called as ever.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from voxnas.utils.errors import InputError
from voxnas.utils.files import write_text
from voxnas.utils.names import matches, shown

FILE = "common_settings.json"
RECORDS = ("*/record.json", "*/search.json", "*/*/record.json")  # in a sweep's folder, or in its rungs
_MISSING = object()


def write_common(folder: Path, overrides: Sequence[str], unnamed: Sequence[str]) -> None:
    """Write down what the overrides of a sweep fix, unless there are runs that were named already.

    Args:
        folder: of the sweep.
        overrides: the command line's.
        unnamed: patterns of keys that are in no name anyway.
    """
    path = folder / FILE
    if path.exists():
        begun = any(next(folder.glob(pattern), None) for pattern in RECORDS)
    else:
        begun = folder.is_dir() and any(folder.iterdir())
    if not begun:
        fixed = {key: value for key, value in _fixed(overrides).items() if not matches(key, unnamed)}
        write_text(path, json.dumps(fixed, indent=2) + "\n")


def read_common() -> dict[str, str]:
    """Values by key, as they were typed, that the runs of the running sweep have in common; else none."""
    if not HydraConfig.initialized() or HydraConfig.get().mode != RunMode.MULTIRUN:
        return {}
    path = Path(HydraConfig.get().sweep.dir) / FILE
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise InputError(f"{path}: damaged ({error}); move its folder away to begin anew") from error


def unlike(
    common: Mapping[str, str], named: Mapping[str, str], overrides: Sequence[str], config: DictConfig
) -> dict[str, str]:
    """What names a run: of `named` what is not in common, and what differs from that although nobody says so.

    Args:
        common: see `read_common`.
        named: by key what of the run's overrides would be in its name.
        overrides: these, all of them.
        config: the run's. A setting that it does not have, such as one of another model, does not differ.
    """
    given = {text.lstrip("+").partition("=")[0]: text for text in overrides}
    found = dict(named)
    for key, value in common.items():
        own = _parsed(given[key]) if key in given else _value(config, key)
        if own in (_parsed(f"{key}={value}"), _MISSING):
            found.pop(key, None)
        elif key not in found:
            found[key] = shown(own)
    return dict(sorted(found.items()))


def _fixed(overrides: Sequence[str]) -> dict[str, str]:
    """Key → value as typed of the overrides that set one value."""
    parser, fixed = OverridesParser.create(), {}
    for text in overrides:
        override = parser.parse_override(text)
        if not override.is_sweep_override() and not override.is_delete():
            fixed[text.lstrip("+").partition("=")[0]] = text.partition("=")[2]
    return fixed


def _value(config: DictConfig, key: str) -> Any:
    choices = HydraConfig.get().runtime.choices
    if key in choices:
        return choices[key]
    value = OmegaConf.select(config, key, default=_MISSING)
    return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value


def _parsed(override: str) -> Any:
    return OverridesParser.create().parse_override(override).value()
