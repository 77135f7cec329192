"""Launchers of runs as jobs of Slurm, or as processes of this machine in the way of such jobs."""

import shlex
import shutil
import signal
import subprocess
import time
from abc import abstractmethod
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from hydra.core.utils import JobReturn

from voxnas.launchers.base import ClusterLauncher, Results, lost
from voxnas.launchers.remote_run import RemoteRun, execute, source_path
from voxnas.utils.errors import InputError

RESULT_SECONDS = 1.0  # between two looks for results
STOP_SECONDS = 30.0  # for runs that are cancelled to write down where they are
MOST_AT_ONCE = 1000  # jobs in an array: Slurm's usual limit
_NOT_SUBMITIT_S = {"submitit_folder", "max_num_timeout", "n_jobs"}


class Resumable:
    """Run that Slurm may stop and queue again, at its time limit say: it goes on from its last epoch."""

    def __call__(self, run: RemoteRun) -> JobReturn:
        return execute(run)

    def checkpoint(self, run: RemoteRun) -> Any:
        """Submission that submitit queues in place of the stopped job."""
        import submitit

        return submitit.helpers.DelayedSubmission(self, run)


class SubmititLauncher(ClusterLauncher):
    """Launcher through submitit. `settings`: its parameters, its `submitit_folder`, `max_num_timeout`."""

    cluster: str
    queue_seconds: float  # between two questions to the queue
    late_seconds: float  # a result may show up that much after its job has gone

    def results(self, runs: Sequence[RemoteRun]) -> Results:
        with _one_line():
            executor = self._executor()
        waiting, jobs = deque(runs), dict[int, Any]()
        missing = MissingJobs(self.late_seconds)
        next_question = 0.0
        try:
            while waiting or jobs:
                batch = [waiting.popleft() for _ in range(min(len(waiting), self.free(len(jobs))))]
                if batch:
                    with _one_line():
                        submitted = self.submit(executor, batch)
                    jobs |= {run.number: job for run, job in zip(batch, submitted, strict=True)}
                for number in [n for n, job in jobs.items() if job.paths.result_pickle.exists()]:
                    yield number, _result(number, jobs.pop(number))
                if time.monotonic() >= next_question:
                    next_question = time.monotonic() + self.queue_seconds
                    for number in missing.overdue(jobs, self.present(jobs)):
                        yield number, _lost(number, jobs.pop(number))
                if jobs:
                    time.sleep(RESULT_SECONDS)
        finally:
            if jobs:
                self.stop(jobs)

    def _executor(self) -> Any:
        try:
            import submitit
        except ImportError as error:
            raise InputError(
                f"hydra/launcher=submitit_{self.cluster} needs submitit: python -m voxnas setup slurm"
            ) from error
        allowed = submitit.AutoExecutor._typed_parameters()
        parameters = {
            name if name in allowed else f"{self.cluster}_{name}": value
            for name, value in self.settings.items()
            if name not in _NOT_SUBMITIT_S and value is not None
        }
        timeouts = {f"{self.cluster}_max_num_timeout": self.settings["max_num_timeout"]}
        executor = submitit.AutoExecutor(self.settings["submitit_folder"], self.cluster, **timeouts)
        executor.update_parameters(**parameters)
        return executor

    def submit(self, executor: Any, runs: Sequence[RemoteRun]) -> Sequence[Any]:
        """Jobs of the runs."""
        jobs: Sequence[Any] = executor.map_array(Resumable(), runs)
        return jobs

    @abstractmethod
    def free(self, running: int) -> int:
        """Number of further runs that may be submitted now."""

    @abstractmethod
    def present(self, jobs: Mapping[int, Any]) -> Collection[int] | None:
        """Jobs that wait or run, by number; None if there is no telling."""

    @abstractmethod
    def stop(self, jobs: Mapping[int, Any]) -> None:
        """Cancels the jobs; those that run first get `STOP_SECONDS` to write down where they are."""


class LocalLauncher(SubmititLauncher):
    """Launcher without Slurm: at most `n_jobs` processes of this machine."""

    cluster = "local"
    queue_seconds = RESULT_SECONDS
    late_seconds = 2.0

    def free(self, running: int) -> int:
        return max(0, self.settings["n_jobs"] - running)

    def present(self, jobs: Mapping[int, Any]) -> Collection[int]:
        return [number for number, job in jobs.items() if not job.done()]

    def submit(self, executor: Any, runs: Sequence[RemoteRun]) -> Sequence[Any]:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for this process to pass on
        try:
            return super().submit(executor, runs)
        finally:
            signal.signal(signal.SIGINT, before)

    def stop(self, jobs: Mapping[int, Any]) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        while (present := self.present(jobs)) and time.monotonic() < deadline:
            for number in present:  # again and again: submitit lets it pass while a run starts
                jobs[number]._process.terminate()
            time.sleep(RESULT_SECONDS)


class SlurmLauncher(SubmititLauncher):
    """Launcher of arrays of Slurm jobs, at most `array_parallelism` at a time.

    Slurm's queue is asked, not its accounting, which many clusters go without.
    """

    cluster = "slurm"
    queue_seconds = 15.0
    late_seconds = 60.0  # caches of a shared folder

    def _executor(self) -> Any:
        if shutil.which("sbatch") is None:
            raise InputError("hydra/launcher=submitit_slurm: sbatch is not on the PATH")
        export = f"export PYTHONPATH={shlex.quote(source_path())}"
        self.settings["setup"] = [export, *(self.settings.get("setup") or [])]
        return super()._executor()

    def free(self, running: int) -> int:
        return 0 if running else MOST_AT_ONCE

    def present(self, jobs: Mapping[int, Any]) -> Collection[int] | None:
        queue = ["squeue", "--me", "--noheader", "--array", "--format=%i"]
        try:
            done = subprocess.run(queue, capture_output=True, text=True, check=True, timeout=60)
        except (OSError, subprocess.SubprocessError):  # the controller may be away for a while
            return None
        return [number for number, job in jobs.items() if job.job_id in done.stdout.split()]

    def stop(self, jobs: Mapping[int, Any]) -> None:
        ids = [job.job_id for job in jobs.values()]
        for how in (["--state=PENDING"], ["--signal=INT"]):
            subprocess.run(["scancel", "--quiet", *how, *ids], capture_output=True)
        deadline = time.monotonic() + STOP_SECONDS
        while self.present(jobs) and time.monotonic() < deadline:
            time.sleep(1)
        subprocess.run(["scancel", "--quiet", *ids], capture_output=True)


class MissingJobs:
    """Jobs that are missing from the queue, and since when.

    Args:
        patience_s: seconds after which one counts as gone.
    """

    def __init__(self, patience_s: float) -> None:
        self.patience_s = patience_s
        self._since: dict[int, float] = {}

    def overdue(
        self, jobs: Collection[int], present: Collection[int] | None, now: float | None = None
    ) -> list[int]:
        """Jobs that have been missing for too long; none while `present` is None, unknown."""
        now = time.monotonic() if now is None else now
        if present is None:
            return []
        self._since = {job: self._since.get(job, now) for job in jobs if job not in present}
        return [job for job, since in self._since.items() if now - since >= self.patience_s]


@contextmanager
def _one_line() -> Iterator[None]:
    """Errors in one line: what submitit and sbatch say of wrong settings fills a page."""
    try:
        yield
    except (RuntimeError, NameError, ValueError, AssertionError) as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        said = next((line for line in lines if line.startswith("sbatch: error:")), lines[-1] if lines else "")
        raise InputError(f"hydra.launcher: {said}") from error


def _result(number: int, job: Any) -> JobReturn:
    try:
        result: JobReturn = job.result()
        return result
    except Exception as error:  # raised outside the run itself: the code is not there, for one
        cause = [line for line in str(error).splitlines() if line.strip() and not line.startswith("-")]
        return lost(number, f"job {job.job_id} failed ({cause[0]}); see {job.paths.stdout}")


def _lost(number: int, job: Any) -> JobReturn:
    return lost(number, f"job {job.job_id} ended without a result; see {job.paths.stdout}")
