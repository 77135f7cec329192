"""The loop of a search: look at what there is, ask for candidates, train them, until none are left."""

import logging
import time
from collections.abc import Sequence
from pathlib import Path

from voxnas.search.selection.candidates import is_candidate, write_candidate, write_candidates
from voxnas.search.selection.ladder import Ladder
from voxnas.search.sources.base import Supply
from voxnas.search.sweepers.jobs import Jobs
from voxnas.search.sweepers.runner import Job, Outcome, Runner, log_waiting, numbered
from voxnas.search.sweepers.runs import Runs

log = logging.getLogger(__name__)

Place = tuple[int, str]  # rung, from 0, and candidate


class Climb:
    """Brings a ladder to its end, beside any number of other processes that do the same.

    What they share is what lies on disk: lists or trials of candidates, claims, records, and the configs of
    those promoted. On a synchronous ladder all that may be trained is handed over at once; else as much as
    runs side by side, those that climb first, and whatever is ready is taken next.

    Args:
        ladder: decides which candidates climb.
        supply: puts candidates on the first rung.
        runner: trains.
        runs: what is on disk.
        jobs: how a run is asked for.
        side_by_side: how many runs there are at a time.
    """

    def __init__(
        self, ladder: Ladder, supply: Supply, runner: Runner, runs: Runs, jobs: Jobs, side_by_side: int = 1
    ) -> None:
        self.ladder, self.supply, self.runner, self.runs, self.jobs = ladder, supply, runner, runs, jobs
        self.size = side_by_side if ladder.asynchronous else None
        self.outcomes: list[Outcome] = []
        self._folders: dict[Place, Path] = {}
        self._waiting = False

    def to_the_end(self) -> list[Outcome]:
        """The outcome of every run, be it another process's, of each candidate from the first rung up."""
        idle = True  # as long as there was nothing to train, nor to wait for
        while not self._is_over():
            if batch := self._batch():
                idle = self._waiting = False
                self._train(batch)
                continue
            self.supply.update()  # it may have found that there is nothing else
            if self.ladder.unfinished() or not self.supply.closed:
                idle = False
                self._wait()
        if idle:
            trained = len(self.ladder.finished[0])
            log.info("nothing to do: %d of %d trained", trained, max(trained, self.supply.total))
        return self.outcomes

    def _is_over(self) -> bool:
        while self._look():
            pass
        return self.ladder.closed and not self.ladder.unfinished()

    def _look(self) -> bool:
        """Take in what others have done; whether anybody climbed."""
        self.supply.update()
        self._take_in()
        for rung, name in self.ladder.unfinished():
            self._look_at(rung, name)
        climbing = self.ladder.climb()
        for rung in range(1, len(self.ladder.rungs)):
            self._promote(rung, [name for to, name in climbing if to == rung])
        return bool(climbing) | self._adopt()

    def _take_in(self) -> None:
        """Put all candidates that there are on the first rung."""
        for name in self.supply.candidates:
            self.ladder.enter(0, name)
        self.ladder.total, self.ladder.closed = self.supply.total, self.supply.closed

    def _look_at(self, rung: int, name: str) -> None:
        told = rung == 0 and name in self.supply.told
        record = self.runs.told(rung, name) if told else self.runs.finished(rung, name)
        if record is not None:
            self._finish(rung, name, Outcome((), self.runs.folder(rung, name), record, None))
        elif told:
            self.ladder.finish(rung, name, None)

    def _promote(self, rung: int, names: Sequence[str]) -> None:
        """Write the configs of those that climb to a rung."""
        if not names:
            return
        runs, group = [self._folders[rung - 1, name] for name in names], self.jobs.group(rung)
        if self.ladder.asynchronous:
            for run in runs:
                write_candidate(run, group)
        else:
            write_candidates(runs, group)
        self._log_climbing(rung)

    def _adopt(self) -> bool:
        """Let those climb as well whom another process, or this one before it was cut, has promoted early."""
        adopted = False
        for rung in range(1, len(self.ladder.rungs) if self.ladder.asynchronous else 0):
            for name, record in self.ladder.finished[rung - 1].items():
                if record is None or name in self.ladder.entered[rung]:
                    continue
                if is_candidate(self._folders[rung - 1, name], record, self.jobs.group(rung)):
                    self.ladder.enter(rung, name)
                    adopted = True
        return adopted

    def _batch(self) -> list[tuple[Place, Job]]:
        """The candidates that climbed, then those of the first rung, that no other process holds."""
        climbed = [(rung, name) for rung, name in self.ladder.unfinished() if rung]
        free = [(rung, name) for rung, name in climbed if self.runs.is_free(rung, name)][: self.size]
        batch = [((rung, name), self.jobs.promoted(rung, name)) for rung, name in free]
        wanted = None if self.size is None else self.size - len(batch)
        if wanted != 0:
            results = self.ladder.finished[0]
            asked = self.supply.ask(results, wanted, lambda name: self.runs.is_free(0, name))
            batch += [((0, candidate.name), self.jobs.first(candidate)) for candidate in asked]
        return batch

    def _train(self, batch: Sequence[tuple[Place, Job]]) -> None:
        self._take_in()
        done, total = self._progress(batch[0][0][0])
        outcomes = self.runner.run([numbered(job, total) for _, job in batch], done)
        for ((rung, name), _), outcome in zip(batch, outcomes, strict=True):
            if outcome.is_busy:
                continue
            self._finish(rung, name, outcome)
            if rung == 0:
                self.supply.tell(name, outcome.record)
        if all(outcome.is_busy for outcome in outcomes):
            self._wait()

    def _finish(self, rung: int, name: str, outcome: Outcome) -> None:
        self.ladder.finish(rung, name, outcome.record)
        self._folders[rung, name] = outcome.folder or self.runs.folder(rung, name)
        self.outcomes.append(outcome)

    def _progress(self, rung: int) -> tuple[int, int]:
        """The numbers of finished runs and of all, of a rung; of all rungs where they go side by side."""
        rungs = range(len(self.ladder.rungs)) if self.ladder.asynchronous else [rung]
        known = [max(self.ladder.expected(r) or 0, len(self.ladder.entered[r])) for r in rungs]
        return sum(len(self.ladder.finished[r]) for r in rungs), sum(known)

    def _log_climbing(self, rung: int) -> None:
        to, of = self.ladder.rungs[rung], len(self.ladder.finished[rung - 1])
        climbed = len(self.ladder.entered[rung])
        log.info("%d of %d candidates climb to %s: %d epochs", climbed, of, to.name, to.epochs)

    def _wait(self) -> None:
        """Others are at work; should they die, their runs are picked up."""
        if (held := len(self.ladder.unfinished())) and not self._waiting:
            log_waiting(held, sum(map(len, self.ladder.entered)))
        self._waiting = True
        time.sleep(self.supply.poll_s)
