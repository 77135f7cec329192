"""By rank, with the score that a learning curve promises for the last rung in the place of the one it has.

Losses fall about as powers of the training so far (T. Domhan et al., "Speeding up Automatic Hyperparameter
Optimization of Deep Neural Networks by Extrapolation of Learning Curves", 2015, fit such curves and others).
Between the ends of two rungs the learning rate has gone the same way, so the slope from one to the other is
the candidate's own; on the first rung it is that of the second half. Whoever learns late is steep there.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from voxnas.problems.base import Problem
from voxnas.records.record import Record
from voxnas.search.experience.features import features
from voxnas.search.experience.foresight import Foresight
from voxnas.search.experience.runs import KnownRun, runs_of
from voxnas.search.selection.rank import ByRank
from voxnas.utils.errors import InputError

Point = tuple[float, float]  # share of the whole training, and the loss then


class Foreseen(ByRank):
    """As `ByRank`, by extrapolated scores; where no curve is known, by those that there are.

    With experience, what candidates of their kind gained elsewhere from there on stands for the power law.

    Args:
        objectives, problem: see `ByRank`.
        experience: of earlier searches: what `read_runs` takes, or what that read; None for none.
        trust: how far the extrapolation goes: 0 is the score as it is, 1 all the way along the power law.
    """

    sees_curves = True

    def __init__(
        self,
        objectives: Sequence[str],
        problem: Problem,
        experience: str | Sequence[str] | Sequence[KnownRun] | None = None,
        trust: float = 0.5,
    ) -> None:
        super().__init__(objectives, problem)
        if isinstance(trust, bool) or not isinstance(trust, int | float) or not 0 <= trust <= 1:
            raise InputError(f"search.selection=foreseen: trust={trust}: give a number from 0 to 1")
        self.trust = float(trust)
        known = runs_of(experience, problem)
        self.foresight = Foresight(known) if known else None

    def order(self, records: Mapping[str, Record]) -> list[str]:
        curves = {name: curve(record) for name, record in records.items()}
        usable = [n for n, points in curves.items() if points and min(loss for _, loss in points) > 0]
        losses = {name: extrapolated(curves[name], self.trust) for name in usable}
        if self.foresight is not None and usable:
            rows = [features(records[name].architecture, records[name].shape) for name in usable]
            share = max(curves[name][-1][0] for name in usable)
            gains = np.exp(self.trust * self.foresight.gains(rows, share))
            losses = {name: curves[name][-1][1] * float(g) for name, g in zip(usable, gains, strict=True)}
        changed = {name: replace(records[name], score=_score(records[name], losses[name])) for name in usable}
        return super().order({**records, **changed})


def _score(record: Record, loss: float) -> float:
    return -loss if record.maximise else loss


def curve(record: Record) -> list[Point]:
    """The best loss of each rung at its end, see `Selection.sees_curves`; of one rung alone of its halves."""
    sign = -1 if record.maximise else 1
    epochs = [epoch for epoch in record.history if "share" in epoch]
    ends = [place for place, epoch in enumerate(epochs) if epoch.get("ends")]
    if len(ends) == 1:
        ends = sorted({(len(epochs) - 1) // 2, *ends})
    points, begin = [], 0
    for end in ends:
        best = min(sign * epoch["score"] for epoch in epochs[begin : end + 1])
        points.append((epochs[end]["share"], best))
        begin = end + 1
    return points


def extrapolated(points: Sequence[Point], trust: float) -> float:
    """The loss at a share of 1, by a power law through the last two points; never above the last."""
    if len(points) < 2:
        return points[-1][1]
    (before, then), (now, loss) = points[-2:]
    if not before < now < 1 or not 0 < loss < then:
        return loss
    slope = math.log(then / loss) / math.log(now / before)
    return float(loss * now ** (trust * slope))
