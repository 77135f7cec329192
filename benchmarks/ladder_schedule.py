"""Ladders on many workers as pure schedules: the search's own decisions, on runs that are known."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np
from schedule import Candidates

from voxnas.problems.amp.problem import AmpProblem
from voxnas.records.pareto import hypervolume
from voxnas.search.selection.ladder import Ladder
from voxnas.search.selection.rank import ByRank
from voxnas.search.selection.rungs import make_rungs

SLOPE, SCATTER = 0.5, 0.055  # of the logarithm of a loss, per e-fold of the epochs that are left
OBJECTIVES = ["loss", "cost"]


@dataclass(frozen=True)
class Run:
    """What a selection sees of a run that has ended."""

    loss: float
    cost: float
    status: str = "ok"

    def value(self, name: str) -> float:
        return float(getattr(self, name))


@dataclass
class Made:
    """What became of a schedule: when it ended, how long all workers worked, and each run's end."""

    seconds: float
    busy_s: float
    workers: int
    ends: list[tuple[float, Run]] = field(default_factory=list)
    promoted: list[int] = field(default_factory=list)

    @property
    def idle(self) -> float:
        return max(0.0, 1 - self.busy_s / (self.seconds * self.workers))

    def values(self, until_s: float) -> np.ndarray:
        """Loss and cost of all that had ended by then, `(n, 2)`."""
        found = [(run.loss, run.cost) for end, run in self.ends if end <= until_s]
        return np.array(found).reshape(-1, 2)


class Course:
    """How candidates learn: the loss falls with a power of the epochs, and scatters until the last.

    Args:
        of: the candidates.
        epochs: that each rung adds.
        seed: of the scatter.
    """

    def __init__(self, of: Candidates, epochs: Sequence[int], seed: int) -> None:
        self.of, self.epochs = of, list(epochs)
        self.left = np.log(sum(epochs) / np.array(list(accumulate(epochs))))  # e-folds, after each rung
        self.chance = np.random.default_rng(seed).standard_normal((len(of), len(self.epochs)))

    def run(self, candidate: int, rung: int) -> Run:
        """What is known of a candidate that has finished a rung."""
        factor = np.exp(self.left[rung] * (SLOPE + SCATTER * self.chance[candidate, rung]))
        return Run(float(self.of.loss[candidate] * factor), float(self.of.cost[candidate]))

    def seconds(self, candidate: int, rung: int) -> float:
        return float(self.of.seconds_per_epoch[candidate] * self.epochs[rung])


def climb(
    course: Course,
    workers: int,
    keep: Sequence[float],
    overhead_s: float,
    asynchronous: bool = False,
    candidates: int | None = None,
    until_s: float = np.inf,
) -> Made:
    """One ladder, which each worker asks for a run when it is free.

    Args:
        candidates: on the first rung, the first of the course's; None for as many as there is time for.
        until_s: when it is stopped; what runs then has no end, but counts as work.
    """
    total = len(course.of) if candidates is None else candidates
    ladder = Ladder(
        make_rungs(course.epochs, keep), ByRank(OBJECTIVES, AmpProblem()), asynchronous, candidates
    )
    made, now, running, begun = Made(0.0, 0.0, workers), 0.0, [], 0
    for name in range(total) if candidates is not None else ():
        ladder.enter(0, str(name))
    ladder.closed = candidates is not None
    going: set[tuple[int, str]] = set()
    while True:
        ready = [place for place in ladder.unfinished() if place not in going]
        while len(ready) < workers - len(going) and candidates is None and begun < total:
            ladder.enter(0, str(begun))
            ready.append((0, str(begun)))
            begun += 1
        for rung, name in ready[: workers - len(going)]:
            end = now + course.seconds(int(name), rung) + overhead_s
            made.busy_s += min(end, until_s) - now
            going.add((rung, name))
            heapq.heappush(running, (end, rung, name))
        if not running or running[0][0] > until_s:
            made.seconds = until_s if running else now
            made.promoted = [len(entered) for entered in ladder.entered[1:]]
            return made
        now, rung, name = heapq.heappop(running)
        going.remove((rung, name))
        run = course.run(int(name), rung)
        made.ends.append((now, run))
        ladder.finish(rung, name, run)
        ladder.climb()


def volumes(values: Sequence[np.ndarray]) -> list[float]:
    """The hypervolume of each set, in logarithm, as a share of the box of all of them."""
    everything = np.log(np.concatenate(values))
    low, high = everything.min(axis=0), everything.max(axis=0)
    return [hypervolume((np.log(v) - low) / (high - low), [1.0, 1.0]) if len(v) else 0.0 for v in values]
