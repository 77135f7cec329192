"""Search path of Hydra for configs beside `configs/`."""

import os

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin


class PromotedCandidates(SearchPathPlugin):
    """Finds the group `candidate`, which src/promote.py writes among the results.

    A plugin, because `hydra.searchpath` is for primary configs only: nobody's config could extend train.yaml.
    """

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        search_path.append("voxnas", f"file://{os.environ['VOXNAS_LOG_DIR']}/promoted")


def register_search_path() -> None:
    """Make it known to Hydra; safe to call again."""
    Plugins.instance().register(PromotedCandidates)
