"""Tool that a script's config names, called with the config's values as plain arguments."""

import inspect
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf


def call_tool(cfg: DictConfig) -> Any:
    """Call `cfg.tool`, a partial, with those values of the config that it takes by name."""
    tool = instantiate(cfg.tool)
    taken = [name for name in inspect.signature(tool).parameters if name in cfg]
    return tool(**{name: _plain(cfg[name]) for name in taken})


def _plain(value: Any) -> Any:
    return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
