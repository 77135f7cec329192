"""Optuna's storage as the book in which any number of processes write what they try."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import optuna
from optuna.samplers import BaseSampler
from optuna.study import StudyDirection
from optuna.trial import Trial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from voxnas.records.pareto import Objective
from voxnas.search.optuna_private import set_attribute
from voxnas.search.storage import open_storage, unusable

Verdict = Literal["ok", "failed", "unmeasured", "rejected", "repeated", "surplus", "lost"]
TRAINED = ("ok", "failed", "unmeasured")  # these count towards the total


@dataclass(frozen=True)
class Entry:
    """One trial as the search sees it: its candidate, the process that tries it, and what came of it."""

    number: int
    running: bool
    candidate: str | None = None  # None for one that is not decided yet
    chosen: tuple[str, ...] = ()
    verdict: Verdict | None = None
    worker: str | None = None
    values: tuple[float, ...] | None = None

    @property
    def holds_a_place(self) -> bool:
        """Whether it is, or may yet be, one of those that get trained."""
        return self.running or self.verdict in TRAINED


def places(entries: Sequence[Entry]) -> list[int]:
    """The trials that count towards the total, each candidate once, in the order they were asked for."""
    taken: dict[str | int, int] = {}
    for entry in sorted(entries, key=lambda e: e.number):
        if entry.holds_a_place:
            taken.setdefault(entry.number if entry.candidate is None else entry.candidate, entry.number)
    return list(taken.values())


def holder(entries: Sequence[Entry], number: int, candidate: str) -> Entry | None:
    """The trial that a candidate belongs to already, if it is not `number` itself.

    Of two that are running the one that was asked for first goes on, so that of two processes that propose
    the same at the same time one gives way.
    """
    same = [e for e in entries if e.candidate == candidate and e.number != number]
    told = [e for e in same if not e.running and e.verdict in (*TRAINED, "rejected")]
    before = [e for e in same if e.running and e.number < number]
    return next(iter([*told, *before]), None)


class TrialBook:
    """The trials of one search in a database.

    Args:
        storage: URL of a database, `sqlite:///PATH` or `postgresql+psycopg2://USER:PASSWORD@HOST/NAME`.
        names: of the Optuna study: the first that is there, or else the last.
        objectives: of its values, with their directions.
        sampler: makes the sampler from a seed.
        seed: with the number of trials before it, seeds each new one: an interrupted search goes on as it
            would have, and does not propose again what it proposed before.
        worker: what this process calls itself.

    Raises:
        InputError: a storage that cannot be opened.
    """

    def __init__(
        self,
        storage: str,
        names: Sequence[str],
        objectives: Sequence[Objective],
        sampler: Callable[[int], BaseSampler],
        seed: int,
        worker: str,
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
        self._sampler, self._seed, self.worker = sampler, seed, worker
        self._study = _open(storage, names, objectives)

    def entries(self) -> list[Entry]:
        """All trials, by number."""
        return [_entry(trial) for trial in self._study.get_trials(deepcopy=False)]

    def ask(self, chance: bool = False) -> Trial:
        """A new trial of this worker, whose choices the sampler makes, or mere chance."""
        number = len(self._study.get_trials(deepcopy=False))
        seed = int(np.random.SeedSequence([self._seed, number]).generate_state(1)[0])
        self._study.sampler = optuna.samplers.RandomSampler(seed=seed) if chance else self._sampler(seed)
        trial = self._study.ask()
        trial.set_user_attr("worker", self.worker)
        return trial

    def enter(self, trial: Trial, candidate: str, chosen: Sequence[str]) -> None:
        """Write down what a trial tries, before anything is done for it."""
        trial.set_user_attr("chosen", list(chosen))
        trial.set_user_attr("candidate", candidate)

    def take_over(self, number: int) -> None:
        """Go on with a trial whose worker is gone."""
        set_attribute(self._study, number, "worker", self.worker)

    def close(self, number: int, verdict: Verdict, values: Sequence[float] | None = None) -> None:
        """Say what came of a trial; without values it failed for Optuna. What is told already stays."""
        state = TrialState.FAIL if values is None else TrialState.COMPLETE
        try:
            set_attribute(self._study, number, "verdict", verdict)
            self._study.tell(number, values, state, skip_if_finished=True)
        except optuna.exceptions.UpdateFinishedTrialError:  # two that took it over were equally quick
            return

    def frontier(self) -> list[dict[str, object]]:
        """The best trials: candidate, parameters and values of each."""
        best = sorted(self._study.best_trials, key=lambda trial: trial.values)
        return [
            {"candidate": t.user_attrs.get("candidate"), "params": dict(t.params), "values": list(t.values)}
            for t in best
            if t.user_attrs.get("verdict") == "ok"
        ]


def _entry(trial: optuna.trial.FrozenTrial) -> Entry:
    known = trial.user_attrs
    return Entry(
        trial.number,
        not trial.state.is_finished(),
        known.get("candidate"),
        tuple(known.get("chosen", ())),
        known.get("verdict"),
        known.get("worker"),
        None if trial.state != TrialState.COMPLETE else tuple(trial.values),
    )


def _open(url: str, names: Sequence[str], objectives: Sequence[Objective]) -> optuna.Study:
    """The study of the first of these names that is there, whoever made it, with its values named."""
    directions = [StudyDirection.MAXIMIZE if o.maximise else StudyDirection.MINIMIZE for o in objectives]
    storage = open_storage(url)
    try:
        there = optuna.get_all_study_names(storage) if len(names) > 1 else []
        name = next((name for name in names if name in there), names[-1])
        study = optuna.create_study(
            storage=storage, study_name=name, directions=directions, load_if_exists=True
        )
        figures = [objective.name for objective in objectives]
        if study.metric_names != figures:
            study.set_metric_names(figures)
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        raise unusable(url, error) from error
    return study
