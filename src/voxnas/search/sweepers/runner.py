"""Runs the jobs of a study through Hydra's launcher, and tells what became of them by what lies on disk."""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher

from voxnas.records.claim import CLAIM, Watch
from voxnas.records.record import FILE_NAME, Record
from voxnas.utils.app import RunBusy, RunError
from voxnas.utils.hydra_private import raised
from voxnas.utils.resolvers import SWEEP_SIZE

POLL_S = 0.5
MOST_BREAKS = 3  # of the processes that a candidate is alone in, before it counts as what breaks them

Job = Sequence[str]  # its overrides

log = logging.getLogger("voxnas")


@dataclass(frozen=True)
class Outcome:
    """The outcome of one job. `record` is None where none was written, `error` where nothing was raised."""

    overrides: tuple[str, ...]
    folder: Path | None
    record: Record | None
    error: BaseException | None

    @property
    def is_busy(self) -> bool:
        """Whether another process holds the run."""
        return isinstance(self.error, RunBusy) and self.folder is not None


class Runner:
    """Hands jobs to a launcher; a process of it that is killed takes no others along.

    Callbacks' state stays in the launcher's processes, so what is known of a run is read from its record.

    Args:
        launcher: Hydra's, whichever is configured.
        check: raises what is wrong with a batch before it is launched.
    """

    def __init__(self, launcher: Launcher, check: Callable[[list[Job]], None]) -> None:
        self.launcher, self._check = launcher, check
        self._jobs = 0

    def run_all(self, jobs: Sequence[Job], batch_size: int | None = None) -> list[Outcome]:
        """Run the jobs and wait for all of them.

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
        watches = {i: Watch(_claim(outcome)) for i, outcome in found.items() if outcome.is_busy}
        if watches:
            log_waiting(len(watches), len(jobs))
        while watches:
            if free := [i for i, watch in watches.items() if watch.free()]:
                found |= self._run(jobs, free, first)
                watches = {i: watch for i, watch in watches.items() if found[i].is_busy}
            else:
                time.sleep(POLL_S)
        return [found[i] for i in range(len(jobs))]

    def run(self, jobs: Sequence[Job], first: int) -> list[Outcome]:
        """Run the jobs, numbered from `first`, without waiting for those that another process holds."""
        found = self._run(jobs, range(len(jobs)), first)
        return [found[i] for i in range(len(jobs))]

    def _run(self, jobs: Sequence[Job], chosen: Sequence[int], first: int) -> dict[int, Outcome]:
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

    def _run_alone(self, jobs: Sequence[Job], i: int, first: int) -> dict[int, Outcome]:
        for _ in range(MOST_BREAKS):
            try:
                return self._launch(jobs, [i], first)
            except BrokenProcessPool:
                log.warning("killed: %s", " ".join(jobs[i]))
        error = RunError(f"killed {MOST_BREAKS} times: {' '.join(jobs[i])}")
        return {i: Outcome(tuple(jobs[i]), None, None, error)}

    def _launch(self, jobs: Sequence[Job], chosen: Sequence[int], first: int) -> dict[int, Outcome]:
        batch: list[Job] = [list(jobs[i]) for i in chosen]
        if not batch:
            return {}
        self._check(batch)
        returns = self.launcher.launch(batch, initial_job_idx=first + chosen[0])
        return {i: _outcome(jobs[i], result) for i, result in zip(chosen, returns, strict=True)}


def numbered(job: Job, total: int) -> list[str]:
    """The job, so that its progress shows as 3/12. The launcher's processes may be older than the batch, so
    it goes with the job."""
    return [*job, f"++hydra.job.env_set.{SWEEP_SIZE}='{total}'"]


def log_waiting(held: int, of: int) -> None:
    """Say that others have to come to their end first."""
    log.info("waiting for candidates that other processes train: %d of %d", held, of)


def _claim(outcome: Outcome) -> Path:
    assert outcome.folder is not None
    return outcome.folder / CLAIM


def _outcome(job: Job, result: JobReturn) -> Outcome:
    folder = None if result.hydra_cfg is None else Path(result.hydra_cfg.hydra.runtime.output_dir)
    written = folder is not None and (folder / FILE_NAME).exists()
    return Outcome(tuple(job), folder, Record.read(folder) if folder and written else None, raised(result))
