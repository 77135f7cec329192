"""What the sweepers of a study share: jobs through Hydra's launcher, and their results from disk."""

import logging
import os
import time
from abc import abstractmethod
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from voxnas.records.claim import CLAIM, Watch
from voxnas.records.record import FILE_NAME, Record
from voxnas.utils.app import RunBusy, RunError, user_errors
from voxnas.utils.files import replacing
from voxnas.utils.hydra_private import raised

SWEEP_START = "VOXNAS_SWEEP_START"  # when a run's sweep began, in ns by the clock of the results' file system
POLL_S = 0.5
MOST_BREAKS = 3  # of the processes that a candidate is alone in, before it counts as what breaks them

log = logging.getLogger("voxnas")


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
    of a run is read from its record. Any number of sweepers may work on one study: what another holds is come
    back to, so that all end with the same records.
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
        with replacing(folder / "multirun.yaml") as file:
            OmegaConf.save(self.config, file)
            start_ns = file.stat().st_mtime_ns
        with read_write(self.config), open_dict(self.config):
            self.config.hydra.job.env_set[SWEEP_START] = str(start_ns)
        with user_errors(self.config):
            outcomes = self.search(arguments)
        for outcome in outcomes:
            if outcome.error is not None:  # as Hydra's own sweeper: at the end, when all had their turn
                raise outcome.error
        return outcomes

    @abstractmethod
    def search(self, arguments: list[str]) -> list[Outcome]:
        """Run the study; `arguments` are the command line's overrides, which go before everything else."""

    def launch(self, jobs: Sequence[Sequence[str]], batch_size: int | None = None) -> list[Outcome]:
        """Run the jobs, each a list of overrides, and wait for all of them.

        What another process holds is left for last, and then waited for: the other's record is taken if it
        comes to its end, and the candidate if the other dies.

        Args:
            batch_size: handed to the launcher at a time; None for all.
        """
        first, self._jobs = self._jobs, self._jobs + len(jobs)
        found: dict[int, Outcome] = {}
        size = batch_size or len(jobs)
        for start in range(0, len(jobs), size or 1):
            found |= self._run(jobs, range(start, min(start + size, len(jobs))), first)
        watches = {i: Watch(_claim(outcome)) for i, outcome in found.items() if _is_busy(outcome)}
        if watches:
            log.info("waiting for candidates that other processes train: %d of %d", len(watches), len(jobs))
        while watches:
            if free := [i for i, watch in watches.items() if watch.free()]:
                found |= self._run(jobs, free, first)
                watches = {i: watch for i, watch in watches.items() if _is_busy(found[i])}
            else:
                time.sleep(POLL_S)
        return [found[i] for i in range(len(jobs))]

    def _run(self, jobs: Sequence[Sequence[str]], chosen: Sequence[int], first: int) -> dict[int, Outcome]:
        """Launch some of the jobs, again if a process that ran them was killed; outcomes by index."""
        try:
            return self._launch(jobs, chosen, first)
        except BrokenProcessPool:
            log.warning("a worker process was killed, perhaps for lack of memory: going on with what it left")
        try:
            return self._launch(jobs, chosen, first)
        except BrokenProcessPool:
            log.warning("another was killed: going on one candidate at a time")
        found: dict[int, Outcome] = {}
        for i in chosen:  # so that the one that breaks its process takes no others along
            found |= self._run_alone(jobs, i, first)
        return found

    def _run_alone(self, jobs: Sequence[Sequence[str]], i: int, first: int) -> dict[int, Outcome]:
        for _ in range(MOST_BREAKS):
            try:
                return self._launch(jobs, [i], first)
            except BrokenProcessPool:
                log.warning("killed: %s", " ".join(jobs[i]))
        return {
            i: Outcome(
                tuple(jobs[i]), None, None, RunError(f"killed {MOST_BREAKS} times: {' '.join(jobs[i])}")
            )
        }

    def _launch(self, jobs: Sequence[Sequence[str]], chosen: Sequence[int], first: int) -> dict[int, Outcome]:
        batch = [list(jobs[i]) for i in chosen]
        if not batch:
            return {}
        self.validate_batch_is_legal(batch)
        assert self.launcher is not None
        returns = self.launcher.launch(batch, initial_job_idx=first + chosen[0])
        return {i: _outcome(jobs[i], result) for i, result in zip(chosen, returns, strict=True)}


def sweep_start_ns() -> int:
    """When this run's sweep began, by the clock of the results' file system; never for a single run."""
    return int(os.environ.get(SWEEP_START, 2**63))


def _is_busy(outcome: Outcome) -> bool:
    return isinstance(outcome.error, RunBusy) and outcome.folder is not None


def _claim(outcome: Outcome) -> Path:
    assert outcome.folder is not None
    return outcome.folder / CLAIM


def _outcome(job: Sequence[str], result: JobReturn) -> Outcome:
    folder = None if result.hydra_cfg is None else Path(result.hydra_cfg.hydra.runtime.output_dir)
    written = folder is not None and (folder / FILE_NAME).exists()
    return Outcome(tuple(job), folder, Record.read(folder) if folder and written else None, raised(result))
