"""Search path of Hydra beside `configs/`."""

import os

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin


class MorePlaces(SearchPathPlugin):
    """Finds the group `candidate`, which src/promote.py writes among the results, and what all roots share.

    A plugin, because `hydra.searchpath` is for primary configs only: nobody's config could extend train.yaml.
    """

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        search_path.append("voxnas", f"file://{os.environ['VOXNAS_ROOT']}/configs/shared")
        search_path.append("voxnas", f"file://{os.environ['VOXNAS_LOG_DIR']}/promoted")


def own_places() -> list[str]:
    """The override by which a composition beside the running app's finds the configs that it finds."""
    places = HydraConfig.get().searchpath if HydraConfig.initialized() else None
    return [f"hydra.searchpath={list(places)}"] if places else []


def register_search_path() -> None:
    """Make it known to Hydra; safe to call again."""
    Plugins.instance().register(MorePlaces)
