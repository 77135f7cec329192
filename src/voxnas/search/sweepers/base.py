"""The common part of a study's sweepers, as Hydra knows them."""

import os
from abc import abstractmethod
from pathlib import Path

from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from voxnas.search.sweepers.first_edition import SAVED, keep_saved
from voxnas.search.sweepers.runner import Outcome, Runner
from voxnas.utils.app import user_errors
from voxnas.utils.files import replacing

SWEEP_START = "VOXNAS_SWEEP_START"  # when a run's sweep began, in ns by the clock of the results' file system


class StudySweeper(Sweeper):
    """Searches a space with a runner; a subclass says in `search` how.

    Any number of sweepers may work on one study, and all end with the same records.
    """

    config: DictConfig
    runner: Runner
    start_ns: int  # of this sweep, by the clock of the results' file system

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self.config, self.hydra_context = config, hydra_context
        launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )
        self.runner = Runner(launcher, self.validate_batch_is_legal)

    def sweep(self, arguments: list[str]) -> list[Outcome]:
        folder = Path(self.config.hydra.sweep.dir)
        folder.mkdir(parents=True, exist_ok=True)
        keep_saved(folder)
        with replacing(folder / SAVED) as file:
            OmegaConf.save(self.config, file)
            self.start_ns = file.stat().st_mtime_ns
        with read_write(self.config), open_dict(self.config):
            self.config.hydra.job.env_set[SWEEP_START] = str(self.start_ns)
            own = self.config.hydra.overrides  # a run has no space: settings of one would be unknown there
            own.hydra = [o for o in own.hydra if not o.lstrip("+~").startswith("hydra.sweeper.")]
        with user_errors(self.config):
            outcomes = self.search(arguments)
        for outcome in outcomes:
            if outcome.error is not None:  # as Hydra's own sweeper: at the end, when all had their turn
                raise outcome.error
        return outcomes

    @abstractmethod
    def search(self, arguments: list[str]) -> list[Outcome]:
        """Run the study; `arguments` are the command line's overrides, which go before everything else."""


def sweep_start_ns() -> int:
    """When this run's sweep began, by the clock of the results' file system; never for a single run."""
    return int(os.environ.get(SWEEP_START, 2**63))
