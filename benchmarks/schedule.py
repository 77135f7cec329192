"""How well a search keeps many workers busy: pure schedules of runs whose times are known."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from voxnas.records.pareto import non_dominated


@dataclass(frozen=True)
class Candidates:
    """What the searches are made of, a value per candidate."""

    seconds_per_epoch: np.ndarray
    loss: np.ndarray  # when trained to the end
    cost: np.ndarray

    def __len__(self) -> int:
        return len(self.loss)


@dataclass(frozen=True)
class Schedule:
    """What became of it. `idle` is the workers' share of the time that they waited."""

    seconds: float
    idle: float
    frontier_s: float  # when the last candidate of the frontier was trained to its end


class Clock:
    """Workers that each take the next run when they are free."""

    def __init__(self, workers: int) -> None:
        self.free = [0.0] * workers
        self.busy = 0.0

    def run(self, seconds: Sequence[float]) -> np.ndarray:
        """When each run ends, taken in the order given."""
        ends = []
        for taken in seconds:
            ends.append(heapq.heapreplace(self.free, self.free[0] + taken) + taken)
            self.busy += taken
        return np.array(ends)

    def barrier(self) -> None:
        """Nothing goes on before all are through."""
        self.free = [max(self.free)] * len(self.free)

    def schedule(self, ends: np.ndarray, names: np.ndarray, of: Candidates) -> Schedule:
        """The figures, given the last rung's ends and which candidates were on it."""
        total = max(self.free)
        frontier = non_dominated(np.stack([of.loss[names], of.cost[names]], axis=1), [1, 1])
        return Schedule(total, 1 - self.busy / (total * len(self.free)), float(ends[frontier].max()))


def rungs(
    of: Candidates, workers: int, epochs: Sequence[int], keep: Sequence[float], overhead_s: float
) -> Schedule:
    """A grid of two rungs, or a ladder of more: all wait for the last of a rung, the best by loss go on.

    Args:
        epochs: that each rung adds.
        keep: the share that goes on from each rung but the last.
        overhead_s: of each run, beside its training.
    """
    clock, names = Clock(workers), np.arange(len(of))
    for number, count in enumerate(epochs):
        ends = clock.run(of.seconds_per_epoch[names] * count + overhead_s)
        clock.barrier()
        if number < len(keep):
            best = np.argsort(of.loss[names], kind="stable")[: max(1, int(keep[number] * len(names)))]
            names = np.sort(names[best])
    return clock.schedule(ends, names, of)


def batches(
    of: Candidates, workers: int, epochs: int, overhead_s: float, batch: int | None = None
) -> Schedule:
    """Optuna's way: a batch of as many as there are workers is asked for when the last one is through."""
    clock, names = Clock(workers), np.arange(len(of))
    ends = []
    for start in range(0, len(of), batch or workers):
        ends.append(clock.run(of.seconds_per_epoch[start : start + (batch or workers)] * epochs + overhead_s))
        clock.barrier()
    return clock.schedule(np.concatenate(ends), names, of)
