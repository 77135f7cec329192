"""Base of the launchers for several machines: runs that go out, results that come back, the terminal."""

import logging
import sys
from abc import abstractmethod
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, env_override
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from voxnas.launchers.remote_run import RemoteRun, failure, project_environment
from voxnas.records.run_folder import previous_record
from voxnas.utils.app import RunError, user_errors
from voxnas.utils.errors import Stop
from voxnas.utils.hydra_private import raised

log = logging.getLogger("voxnas")

Results = Generator[tuple[int, JobReturn], None, None]  # of runs, each with the run's number


class ClusterLauncher(Launcher):
    """Launcher that sends the runs of a batch off, waits for all, and tells how each ended.

    The machines share the folder of the checkout and that of the results, under the same paths: a run's
    record, not what its process returns, is what the study goes by. A run that is lost with its machine
    fails, and the others go on.

    Args:
        settings: the keys of `hydra.launcher`, each launcher's own.
    """

    config: DictConfig

    def __init__(self, **settings: Any) -> None:
        self.settings: dict[str, Any] = {
            key: OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
            for key, value in settings.items()
        }

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self.config, self.hydra_context, self.task_function = config, hydra_context, task_function

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        Path(self.config.hydra.sweep.dir).mkdir(parents=True, exist_ok=True)
        runs = [self._run(initial_job_idx + i, overrides) for i, overrides in enumerate(job_overrides)]
        returns: dict[int, JobReturn] = {}
        with user_errors(self.config), closing(self.results(runs)) as results:
            for number, result in results:
                returns[number] = _received(number, result, lambda: instantiate(self.config.problem))
        return [returns[run.number] for run in runs]

    @abstractmethod
    def results(self, runs: Sequence[RemoteRun]) -> Results:
        """Does the runs; yields the number and the result of each as it ends.

        Closing the generator, or an exception in it, stops those that are not done. Raises InputError if
        there is no such cluster.
        """

    def _run(self, number: int, overrides: Sequence[str]) -> RemoteRun:
        return RemoteRun(
            number,
            overrides,
            self.config,
            self.hydra_context,
            self.task_function,
            Singleton.get_state(),
            project_environment(),
        )


def lost(number: int, where: str) -> JobReturn:
    """Result of a run whose process ended without one."""
    return failure(RunError(f"run {number + 1}: {where}; the same command goes on from its last epoch"))


def _received(number: int, result: JobReturn, problem: Callable[[], Any]) -> JobReturn:
    """Show how a run ended: its own process speaks to a terminal that is elsewhere."""
    error = raised(result)
    if isinstance(error, Stop):  # no candidate could do better
        print(error.message, file=sys.stderr)
        raise error
    ran = result.hydra_cfg
    if ran is None:
        log.warning("%s", error)
        return result
    record = previous_record(Path(ran.hydra.runtime.output_dir))
    if record is not None and (error is None or record.status == "failed"):  # or else it is somebody's still
        from voxnas.callbacks.progress import announce  # Lightning takes seconds to import

        with env_override(ran.hydra.job.env_set):  # a sweeper may say there how many runs there are
            announce(record, number, problem())
    return result
