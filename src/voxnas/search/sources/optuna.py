"""`search.source=optuna`: Optuna proposes what to try, from how all before it did."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from omegaconf import DictConfig, OmegaConf
from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import SQLAlchemyError

from voxnas.records.record import Record
from voxnas.search.objectives import figures
from voxnas.search.samplers import make_sampler
from voxnas.search.sources.base import Candidate, Results, Source, Supply, Task
from voxnas.search.sources.drawing import Drawer
from voxnas.search.sources.trials import TRAINED, Entry, TrialBook, Verdict, places
from voxnas.search.sources.workers import Workers
from voxnas.search.storage import unusable
from voxnas.utils.files import write_text

log = logging.getLogger(__name__)

UNDECIDED_S = 60.0  # how long a trial may take from being asked for to being a candidate


class OptunaSource(Source):
    """Tops a search up to so many candidates that were trained, whoever trained them.

    The keys are those of hydra-optuna-sweeper; what differs: `objectives`, which `direction` may give signs,
    a `space`, a total instead of a number of further trials, and a `seed` that does not replay.

    Args:
        sampler: config of one of Optuna's, made anew for each trial; its own seed goes before the search's.
        storage: URL of a database.
        study_name: in the database, where a hash of the settings follows it.
        n_jobs: trials that are asked for at a time; None for as many as run side by side.
    """

    def __init__(
        self,
        sampler: DictConfig,
        storage: str,
        study_name: str,
        n_jobs: int | None = None,
    ) -> None:
        self.sampler = sampler
        self.storage, self.study_name, self.n_jobs = storage, study_name, n_jobs

    def supply(self, task: Task) -> "TrialSupply":
        return TrialSupply(self, task)

    def book(self, task: Task, worker: str) -> TrialBook:
        """The trials of a task in the database. What changes the result changes the name of their study."""
        settings = {"objectives": list(task.names), "also": task.overrides}
        keys = [task.identity_then(task.overrides), task.identity(settings)]
        names = [f"{self.study_name}-{key}" for key in keys if key]
        seed = task.seed if self.sampler.get("seed") is None else self.sampler.seed
        sampler = partial(make_sampler, self.sampler, objectives=task.objectives)
        named = [replace(o, name=column) for o, column in zip(task.objectives, task.columns, strict=True)]
        return TrialBook(self.storage, names, named, sampler, seed, worker)


class TrialSupply(Supply):
    """The trials of one search in its database. What a process leaves behind when it is killed, others go on
    with."""

    poll_s = 2.0

    def __init__(self, source: OptunaSource, task: Task) -> None:
        super().__init__(task.total)
        self.source, self.task = source, task
        self._size = source.n_jobs or task.side_by_side
        self._workers = Workers(task.folder / ".workers", task.stale_after_s)
        self._own: dict[str, int] = {}  # the trials that this process has to tell, by candidate
        self._undecided_since: dict[int, float] = {}

    def __enter__(self) -> "TrialSupply":
        self._presence = self._workers.present()
        self._book = self.source.book(self.task, self._presence.__enter__())
        self._drawer = Drawer(self._book, self.task.proposer, self.task.total, log.info)
        return self

    def __exit__(self, *error: Any) -> None:
        self._presence.__exit__(*error)
        if isinstance(error[1], SQLAlchemyError | StorageInternalError):
            raise unusable(self.source.storage, error[1]) from error[1]
        if error[0] is None:
            write_text(self.task.folder / "optimization_results.yaml", self._results())

    def update(self) -> None:
        entries = self._book.entries()
        held = [entries[number] for number in places(entries)]
        self.candidates = {e.candidate: Candidate(e.candidate, e.chosen) for e in held if e.candidate}
        self.told = {e.candidate for e in entries if e.candidate and e.verdict in TRAINED}
        self.closed = self._drawer.is_done and not any(entry.running for entry in entries)

    def ask(self, results: Results, wanted: int | None, is_free: Callable[[str], bool]) -> list[Candidate]:
        """The trials not trained yet, those that dead processes have left, then new ones."""
        size = self._size if wanted is None else wanted
        found = [self.candidates[name] for name in self._own if is_free(name)][:size]
        for entry in self._orphans():
            if len(found) < size and entry.candidate:
                self._book.take_over(entry.number)
                found.append(self._keep(entry.number, entry.candidate, entry.chosen))
        while len(found) < size and (draft := self._drawer.draw()) is not None:
            found.append(self._keep(draft.number, draft.name, draft.chosen))
        return found

    def tell(self, name: str, record: Record | None) -> None:
        values = figures(record, self.task.objectives)
        self._book.close(self._own.pop(name), _verdict(record, values), values)

    def _keep(self, number: int, name: str, chosen: tuple[str, ...]) -> Candidate:
        self._own[name] = number
        self.candidates[name] = Candidate(name, chosen)
        return self.candidates[name]

    def _orphans(self) -> list[Entry]:
        running = [e for e in self._book.entries() if e.running and e.worker != self._book.worker]
        lost = [entry for entry in running if self._is_lost(entry)]
        for entry in lost:
            if not entry.candidate:  # its worker died before it was a candidate
                self._book.close(entry.number, "lost")
        return [entry for entry in lost if entry.candidate]

    def _is_lost(self, entry: Entry) -> bool:
        if entry.worker is not None:
            return self._workers.is_gone(entry.worker)
        since = self._undecided_since.setdefault(entry.number, time.monotonic())
        return time.monotonic() - since > UNDECIDED_S

    def _results(self) -> str:
        names = list(self.task.columns)
        found = {"name": "optuna", "objectives": names, "solutions": self._book.frontier()}
        return OmegaConf.to_yaml(OmegaConf.create(found))


def _verdict(record: Record | None, values: Sequence[float] | None) -> Verdict:
    if values is not None:
        return "ok"
    if record is not None and record.status == "rejected":
        return "rejected"
    if record is not None and record.status == "ok":
        log.warning("%s: an objective has no finite value; it does not count", record.candidate)
        return "unmeasured"
    return "failed"
