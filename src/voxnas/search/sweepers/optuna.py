"""`search=optuna`: Optuna proposes what to try, in batches as large as the launcher runs side by side."""

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from voxnas.records.pareto import Objective
from voxnas.search.describe import sweep_identity
from voxnas.search.objectives import figures, parse_objectives
from voxnas.search.sources.drawing import Draft, Drawer
from voxnas.search.sources.proposals import Proposer
from voxnas.search.sources.trials import Entry, TrialBook, Verdict, places
from voxnas.search.sweepers.base import Outcome, StudySweeper
from voxnas.search.sweepers.workers import Crew
from voxnas.utils.errors import InputError
from voxnas.utils.files import write_text
from voxnas.utils.resolvers import SWEEP_SIZE, side_by_side

log = logging.getLogger(__name__)

SAMPLERS = ("TPESampler", "NSGAIISampler", "MOTPESampler", "RandomSampler")
POLL_S = 2.0
UNDECIDED_S = 60.0  # how long a trial may take from being asked for to being a candidate


class OptunaSweeper(StudySweeper):
    """Tops a study up to `n_trials` candidates that were trained, whoever trained them.

    Any number of processes may do so at the same time. What one of them leaves behind when it is killed, the
    others, or the next, go on with. The keys are those of hydra-optuna-sweeper; what differs: `objectives`
    instead of `direction`, a `space`, a total instead of a number of further trials, and a `seed` that does
    not replay.
    """

    def __init__(
        self,
        sampler: DictConfig,
        objectives: Sequence[str],
        storage: str,
        study_name: str,
        n_trials: int,
        n_jobs: int | None = None,
        seed: int = 0,
        params: Mapping[str, Any] | None = None,
        space: DictConfig | None = None,
    ) -> None:
        self.sampler, self.names, self.storage, self.study_name = sampler, objectives, storage, study_name
        self.n_trials, self.n_jobs, self.seed = n_trials, n_jobs, seed
        self.params, self.space = params, space
        self._undecided_since: dict[int, float] = {}
        self.trained: list[str] = []  # the candidates that have their place, by whichever process

    def search(self, arguments: list[str]) -> list[Outcome]:
        HydraConfig.instance().set_config(self.config)
        return self._search_trials(self._proposer(arguments), arguments)

    def _proposer(self, arguments: Sequence[str]) -> Proposer:
        space = None if self.space is None else instantiate(self.space, _convert_="all")
        proposer = Proposer(str(self.config.hydra.job.config_name), self.params, arguments, space)
        if space is None and not proposer.flat.parameters:
            raise InputError("there is nothing to choose from: name a space, such as space=poc")
        return proposer

    def _search_trials(
        self, proposer: Proposer, arguments: Sequence[str], also: Sequence[str] = ()
    ) -> list[Outcome]:
        """`also` are overrides of every run beside the command line's."""
        objectives = parse_objectives(self.names)
        folder = Path(self.config.hydra.sweep.dir)
        crew = Crew(folder / ".workers", self.config.stale_after_s)
        with crew.joined() as worker:
            book = self._book(objectives, worker, arguments, also)
            drawer = Drawer(book, proposer, self._total(), log.info)
            outcomes = self._run_trials(book, drawer, crew, objectives, also)
            entries = book.entries()
        self.trained = [str(entries[number].candidate) for number in places(entries)]
        write_text(folder / "optimization_results.yaml", _results(book, objectives))
        return outcomes

    def _run_trials(
        self,
        book: TrialBook,
        drawer: Drawer,
        crew: Crew,
        objectives: Sequence[Objective],
        also: Sequence[str],
    ) -> list[Outcome]:
        outcomes: list[Outcome] = []
        self._jobs = self._done(book)
        while True:
            batch = self._batch(book, drawer, crew)
            if not batch:
                if not any(entry.running for entry in book.entries()):
                    return outcomes
                time.sleep(POLL_S)  # others are at work; should they die, their trials are picked up
                continue
            jobs = [[*drawer.proposer.job(draft.chosen), *also] for draft in batch]
            results = self.launch(numbered(jobs, self.n_trials))
            for draft, outcome in zip(batch, results, strict=True):
                values = figures(outcome.record, objectives)
                book.close(draft.number, _verdict(outcome, values), values)
            outcomes += results

    def _batch(self, book: TrialBook, drawer: Drawer, crew: Crew) -> list[Draft]:
        """What the dead have left, then new ones, as many as run side by side."""
        size = self.n_jobs or side_by_side()
        drafts: list[Draft] = []
        for entry in self._orphans(book, crew):
            if len(drafts) < size:
                book.take_over(entry.number)
                drafts.append(Draft(entry.number, entry.chosen))
        while len(drafts) < size and (draft := drawer.draw()) is not None:
            drafts.append(draft)
        return drafts

    def _orphans(self, book: TrialBook, crew: Crew) -> list[Entry]:
        running = [e for e in book.entries() if e.running and e.worker != book.worker]
        lost = [e for e in running if self._is_lost(e, crew)]
        for entry in lost:
            if not entry.candidate:  # its worker died before it was a candidate
                book.close(entry.number, "lost")
        return [entry for entry in lost if entry.candidate]

    def _is_lost(self, entry: Entry, crew: Crew) -> bool:
        if entry.worker is not None:
            return crew.is_gone(entry.worker)
        since = self._undecided_since.setdefault(entry.number, time.monotonic())
        return time.monotonic() - since > UNDECIDED_S

    def _book(
        self, objectives: Sequence[Objective], worker: str, arguments: Sequence[str], also: Sequence[str]
    ) -> TrialBook:
        """What changes the result changes the name, and so begins a search of its own in the database."""
        settings = {"objectives": list(self.names), "params": self.params, "space": self.space, "also": also}
        name = f"{self.study_name}-{sweep_identity(self.config, settings, arguments)}"
        return TrialBook(self.storage, name, objectives, self._make_sampler, self.seed, worker)

    def _make_sampler(self, seed: int) -> Any:
        kind = str(self.sampler._target_).rsplit(".", 1)[-1]
        if kind not in SAMPLERS:
            raise InputError(f"hydra/sweeper/sampler: not {kind}, but one of tpe, nsgaii, motpe and random")
        liar = {"constant_liar": True} if kind == "TPESampler" else {}  # a batch is not all of one kind
        return instantiate(self.sampler, seed=seed, **liar)

    def _total(self) -> int:
        if not isinstance(self.n_trials, int) or self.n_trials < 1:
            raise InputError(f"n_trials={self.n_trials}: give a whole number of candidates from 1")
        return self.n_trials

    def _done(self, book: TrialBook) -> int:
        entries = book.entries()
        return len(places([entry for entry in entries if not entry.running]))


def numbered(jobs: Sequence[Sequence[str]], total: int) -> list[list[str]]:
    """The jobs, so that their progress shows as 3/12. The launcher's processes may be older than the batch,
    so it goes with the job."""
    return [[*job, f"++hydra.job.env_set.{SWEEP_SIZE}='{total}'"] for job in jobs]


def _verdict(outcome: Outcome, values: Sequence[float] | None) -> Verdict:
    if values is not None:
        return "ok"
    status = None if outcome.record is None else outcome.record.status
    if status == "rejected":
        return "rejected"
    if status == "ok" and outcome.record is not None:
        log.warning("%s: an objective has no finite value; it does not count", outcome.record.candidate)
        return "unmeasured"
    return "failed"


def _results(book: TrialBook, objectives: Sequence[Objective]) -> str:
    solutions = {"name": "optuna", "objectives": [o.name for o in objectives], "solutions": book.frontier()}
    return OmegaConf.to_yaml(OmegaConf.create(solutions))
