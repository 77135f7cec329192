"""What the sweepers of a study share: jobs through Hydra's launcher, and their results from disk."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from voxnas.records.record import FILE_NAME, Record
from voxnas.utils.app import user_errors


@dataclass(frozen=True)
class Outcome:
    """What became of one job. `record` is None where none was written, `error` where nothing was raised."""

    overrides: tuple[str, ...]
    folder: Path | None
    record: Record | None
    error: BaseException | None


class StudySweeper(Sweeper):
    """Runs batches of candidates through whichever launcher is configured, one batch after the other.

    A subclass says in `search` which. Callbacks' state stays in the launcher's processes, so what is known
    of a run is read from its record.
    """

    config: DictConfig

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self.config, self.hydra_context = config, hydra_context
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )
        self._jobs = 0

    def sweep(self, arguments: list[str]) -> list[Outcome]:
        folder = Path(self.config.hydra.sweep.dir)
        folder.mkdir(parents=True, exist_ok=True)
        OmegaConf.save(self.config, folder / "multirun.yaml")
        with user_errors(self.config):
            outcomes = self.search(arguments)
        for outcome in outcomes:
            if outcome.error is not None:  # as Hydra's own sweeper: at the end, when all had their turn
                raise outcome.error
        return outcomes

    @abstractmethod
    def search(self, arguments: list[str]) -> list[Outcome]:
        """Run the study; `arguments` are the command line's overrides, which go before everything else."""

    def launch(self, jobs: Sequence[Sequence[str]]) -> list[Outcome]:
        """Run the jobs, each a list of overrides, and wait for all of them."""
        batch = [list(job) for job in jobs]
        if not batch:
            return []
        self.validate_batch_is_legal(batch)
        assert self.launcher is not None
        returns = self.launcher.launch(batch, initial_job_idx=self._jobs)
        self._jobs += len(batch)
        return [_outcome(job, result) for job, result in zip(batch, returns, strict=True)]


def _outcome(job: Sequence[str], result: JobReturn) -> Outcome:
    error = None if result.status == JobStatus.COMPLETED else result._return_value
    folder = None if result.hydra_cfg is None else Path(result.hydra_cfg.hydra.runtime.output_dir)
    written = folder is not None and (folder / FILE_NAME).exists()
    return Outcome(tuple(job), folder, Record.read(folder) if folder and written else None, error)
