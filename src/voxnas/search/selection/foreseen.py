"""By rank, with the score that a learning curve promises for the last rung in the place of the one it has.

Losses fall about as powers of the training so far (T. Domhan et al., "Speeding up Automatic Hyperparameter
Optimization of Deep Neural Networks by Extrapolation of Learning Curves", 2015, fit such curves and others).
Between the ends of two rungs the learning rate has gone the same way, so the slope from one to the other is
the candidate's own; on the first rung it is that of the second half. Whoever learns late is steep there.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from voxnas.problems.base import Problem
from voxnas.records.record import Record
from voxnas.search.selection.rank import ByRank

Point = tuple[float, float]  # share of the whole training, and the loss then


class Foreseen(ByRank):
    """As `ByRank`, by extrapolated scores.

    Args:
        objectives, problem: see `ByRank`.
        rungs: epochs that each rung adds.
        trust: how far the extrapolation goes: 0 is the score as it is, 1 all the way along the power law.
    """

    sees_curves = True

    def __init__(
        self, objectives: Sequence[str], problem: Problem, rungs: Sequence[int], trust: float = 0.5
    ) -> None:
        super().__init__(objectives, problem)
        self.total, self.trust = float(sum(rungs)), trust

    def order(self, records: Mapping[str, Record]) -> list[str]:
        return super().order({name: self._foreseen(record) for name, record in records.items()})

    def _foreseen(self, record: Record) -> Record:
        curve = self._curve(record)
        if record.score is None or len(curve) < 2 or min(loss for _, loss in curve) <= 0:
            return record
        loss = extrapolated(curve, self.trust)
        return replace(record, score=-loss if record.maximise else loss)

    def _curve(self, record: Record) -> list[Point]:
        """The end of each rung; on the first rung its middle as well."""
        sign = -1 if record.maximise else 1
        epochs = [(epoch["epoch"] / self.total, sign * epoch["score"]) for epoch in record.history]
        ends = [place for place, epoch in enumerate(record.history) if epoch.get("ends")]
        if len(ends) < 2:
            ends = sorted({(len(epochs) - 1) // 2, len(epochs) - 1}) if epochs else []
        begins = [0, *(end + 1 for end in ends[:-1])]
        losses = [min(loss for _, loss in epochs[a : b + 1]) for a, b in zip(begins, ends, strict=True)]
        return [(epochs[end][0], loss) for end, loss in zip(ends, losses, strict=True)]


def extrapolated(curve: Sequence[Point], trust: float) -> float:
    """The loss at a share of 1, by a power law through the last two points; never above the last."""
    (before, then), (now, loss) = curve[-2:]
    if not before < now < 1 or not 0 < loss < then:
        return loss
    slope = math.log(then / loss) / math.log(now / before)
    return loss * now ** (trust * slope)
