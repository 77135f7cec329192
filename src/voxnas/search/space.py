"""The candidates of a sweep, known before anything is trained."""

from collections.abc import Mapping, Sequence
from typing import Any

from hydra import compose
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from voxnas.utils.hydra_private import sweep_points, unresolved
from voxnas.utils.resolvers import not_in_names, run_name
from voxnas.utils.search_path import own_places


def expand(parameters: Mapping[str, Any], overrides: Sequence[str]) -> list[list[str]]:
    """One list of overrides per candidate: the product of every swept value, as Hydra's basic sweeper has it.

    Args:
        parameters: `hydra.sweeper.params`.
        overrides: the command line's, which go before a parameter of the same key.
    """
    given = {override.lstrip("+~").split("=")[0] for override in overrides}
    space = [f"{key}={value}" for key, value in parameters.items() if key not in given]
    return sweep_points(OverridesParser.create().parse_overrides([*space, *overrides]))


def compose_candidates(
    config_name: str,
    candidates: Sequence[Sequence[str]],
    composed: dict[tuple[str, ...], DictConfig] | None = None,
) -> list[DictConfig]:
    """The config of each candidate, inside a running Hydra app.

    Composing takes a tenth of a second, so candidates that differ only in values share one composition;
    `composed` keeps these from call to call.
    """
    composed = {} if composed is None else composed
    configs = []
    for overrides in candidates:
        groups = tuple(o for o in overrides if not _is_plain_value(o))
        if groups not in composed:
            where = [] if any(o.startswith("hydra.searchpath") for o in groups) else own_places()
            composed[groups] = compose(config_name, overrides=[*groups, *where], return_hydra_config=False)
        config = _with_values(composed[groups], [o for o in overrides if _is_plain_value(o)])
        if _is_of_the_app(config):
            config.name = run_name(config.model.name, not_in_names(config), overrides, config)
        configs.append(config)
    return configs


def _is_of_the_app(config: DictConfig) -> bool:
    """Whether the name would be made of the overrides of the app that is running."""
    return "run_name:" in (unresolved(config, "name") or "")


def _is_plain_value(override: str) -> bool:
    key = override.split("=")[0]
    return "." in key and key[0].isalpha() and not key.startswith("hydra.")


def _with_values(base: DictConfig, overrides: Sequence[str]) -> DictConfig:
    config = base.copy()
    OmegaConf.set_struct(config, True)
    for override in OverridesParser.create().parse_overrides(list(overrides)):
        OmegaConf.update(config, override.key_or_group, override.value())
    return config
