"""Run of a sweep as it travels to a process elsewhere, and its execution there."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, JobStatus, run_job, setup_globals
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict

from voxnas.utils.app import ROOT, USER_ERROR
from voxnas.utils.errors import Stop


@dataclass(frozen=True)
class RemoteRun:
    """Run of a sweep: all that a fresh process needs to do it.

    Args:
        number: the run's place in the sweep, from 0.
        overrides: of this run.
        state: Hydra's singletons and OmegaConf's resolvers, which the process has not registered.
        environment: variables that the configs refer to; a cluster need not pass any on.
    """

    number: int
    overrides: Sequence[str]
    config: DictConfig
    hydra_context: HydraContext
    task_function: TaskFunction
    state: Any
    environment: Mapping[str, str]


def source_path() -> str:
    """PYTHONPATH of the other process: this checkout before any other, then what is on it here."""
    return os.pathsep.join([str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])])


def project_environment() -> dict[str, str]:
    """Variables of the project, such as VOXNAS_LOG_DIR."""
    return {name: value for name, value in os.environ.items() if name.startswith("VOXNAS_")}


def execute(run: RemoteRun) -> JobReturn:
    """Does the run in this process.

    An error of the user's, which ends the whole sweep, comes back as that of a failed run, a `Stop`. Where
    the run is interrupted the process ends with it, and the cluster does what it does with those cut off.
    """
    os.environ.update(run.environment)
    setup_globals()
    Singleton.set_state(run.state)
    config = run.hydra_context.config_loader.load_sweep_config(run.config, list(run.overrides))
    with open_dict(config):
        config.hydra.job.id = f"{config.hydra.job.name}_{run.number}"
        config.hydra.job.num = run.number
    HydraConfig.instance().set_config(config)
    try:
        return run_job(
            task_function=run.task_function,
            config=config,
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
            hydra_context=run.hydra_context,
        )
    except Stop as stop:
        if stop.code != USER_ERROR:
            raise
        return failure(stop)


def failure(error: BaseException) -> JobReturn:
    """Hydra's result of a run that raised `error`."""
    result = JobReturn(status=JobStatus.FAILED)
    result.return_value = error
    return result
