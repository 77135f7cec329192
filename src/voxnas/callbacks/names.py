"""A Hydra callback that writes down what a sweep's runs have in common, for their names to leave out."""

from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from voxnas.utils.app import user_errors
from voxnas.utils.common_settings import write_common
from voxnas.utils.resolvers import not_in_names


class CommonSettings(Callback):
    """Before anything is named: see `write_common`."""

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """From here on names may be asked for, also those that an overview shows."""
        HydraConfig.instance().set_config(config.copy())  # which makes it read-only
        with user_errors(config):
            folder, given = Path(config.hydra.sweep.dir), config.hydra.overrides.task
            write_common(folder, given, not_in_names(config))
