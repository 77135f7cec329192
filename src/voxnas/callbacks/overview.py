"""A Hydra callback that shows what a sweep is about to try."""

import os
from typing import Any

from hydra.experimental.callback import Callback
from hydra.utils import instantiate
from omegaconf import DictConfig
from rich.console import Console

from voxnas.search.preview import cost_title, preview, table
from voxnas.search.space import compose_candidates, expand
from voxnas.utils.app import user_errors
from voxnas.utils.resolvers import SWEEP_SIZE


class SweepOverview(Callback):
    """Before the first job: the table of the candidates, and their number for the progress display."""

    def on_multirun_start(self, config: DictConfig, config_name: str | None = None, **_: Any) -> None:
        """Count the jobs of a grid; other sweepers choose theirs as they go."""
        os.environ.pop(SWEEP_SIZE, None)
        sweeper = config.hydra.sweeper
        kind = sweeper.get("sweeper", sweeper._target_)
        if sweeper.get("space") or not kind.endswith(("BasicSweeper", "GridSweeper")):
            return
        with user_errors(config):
            self._show(config, config_name or "train")

    def _show(self, config: DictConfig, config_name: str) -> None:
        candidates = expand(config.hydra.sweeper.params or {}, config.hydra.overrides.task)
        os.environ[SWEEP_SIZE] = str(len(candidates))
        if space := config.hydra.runtime.choices.get("space"):
            shown = preview(compose_candidates(config_name, candidates))
            problem = instantiate(config.problem)
            Console().print(table(shown, f"space {space}", problem, cost_title(config, problem)))
