"""A Hydra callback that looks at the settings of a run, or of a whole sweep, before anything is written."""

from collections.abc import Iterator
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, QuotedString, Transformer
from hydra.errors import HydraException
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf

from voxnas.utils.app import user_errors
from voxnas.utils.settings import check_setting, check_settings


class CheckSettings(Callback):
    """Ends the program in one line where a setting is of a wrong type or out of range."""

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        with user_errors(config):
            check_settings(config)

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Of a sweep all values at once, not each when its turn comes."""
        self.on_run_start(config)
        with user_errors(config):
            for key, value in _swept(config):
                check_setting(key, value)


def _swept(config: DictConfig) -> Iterator[tuple[str, Any]]:
    """The values that the command line and the space list, by key."""
    params = OmegaConf.select(config, "hydra.sweeper.params", throw_on_resolution_failure=False)
    listed = [f"{key}={value}" for key, value in (params or {}).items()]
    parser = OverridesParser.create()
    for argument in [*listed, *config.hydra.overrides.task]:
        try:
            override = parser.parse_override(argument)
        except HydraException:  # which says so itself
            continue
        if override.is_discrete_sweep():
            yield from ((override.key_or_group, value) for value in _values(override))


def _values(override: Override) -> Iterator[Any]:
    for value in override.sweep_iterator(transformer=Transformer.identity):
        yield value.text if isinstance(value, QuotedString) else value
