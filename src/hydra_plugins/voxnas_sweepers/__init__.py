"""Plugin through which Hydra finds the sweepers; it has to lie in a package of this name."""

from importlib import import_module
from typing import Any

from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class StudySearch(Sweeper):
    """Hands over to a sweeper of `voxnas.search.sweepers`, named by its path.

    Hydra imports every plugin at each start, so what takes time to import is imported when it is asked for.

    Args:
        sweeper: its module and class.
        folder: for configs/hydra/default.yaml, which puts the sweep there unless a search says otherwise.
        settings: the sweeper's arguments.
    """

    def __init__(self, sweeper: str, folder: str | None = None, **settings: Any) -> None:
        module, name = sweeper.rsplit(".", 1)
        self._sweeper: Sweeper = getattr(import_module(module), name)(**settings)

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self._sweeper.setup(hydra_context=hydra_context, task_function=task_function, config=config)

    def sweep(self, arguments: list[str]) -> Any:
        return self._sweeper.sweep(arguments)
