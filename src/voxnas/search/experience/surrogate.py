"""A model of which candidates do well, from runs on other data.

Losses compare within a group alone: one device is harder than another. So each group's losses, in logarithm
where all are above 0, count from their mean in units of their spread, and the amount of training as a share
of the group's longest. Trees by chance (P. Geurts et al., "Extremely randomized trees", 2006) take features
of any scale, and few runs.
"""

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from voxnas.records.pareto import Array
from voxnas.search.experience.features import FIGURE, Features, as_table, features
from voxnas.search.experience.runs import KnownRun
from voxnas.utils.errors import InputError

TREES, LEAF = 200, 2
FEWEST = 8  # runs

AMOUNT = "amount of training"


class Surrogate:
    """Predicts how candidates will stand among others on data that nobody has tried.

    Args:
        runs: those known, see `read_runs`.
        seed: of its chance; the same for the same runs and seed.

    Raises:
        InputError: fewer than `FEWEST` runs with a finite loss.
    """

    def __init__(self, runs: Sequence[KnownRun], seed: int = 0) -> None:
        known = [run for run in runs if np.isfinite(run.loss)]
        if len(known) < FEWEST:
            raise InputError(
                f"search.experience: {len(known)} finished runs are too few; {FEWEST} are needed"
            )
        groups = [list(g) for _, g in groupby(sorted(known, key=lambda r: r.group), lambda r: r.group)]
        rows = [row for group in groups for row in _rows(group)]
        self._trees = Trees(rows, np.concatenate([_standing(group) for group in groups]), seed)

    def predict(self, candidates: Sequence[Features]) -> Array:
        """The standing of each, after as much training as any run had: 0 is average, below it is better."""
        return self._trees.predict([{**candidate, AMOUNT: 0.0} for candidate in candidates])


class Trees:
    """Regression on features by name, of which figures count that every row has."""

    def __init__(self, rows: Sequence[Features], values: Array, seed: int) -> None:
        from sklearn.ensemble import ExtraTreesRegressor  # takes a second to import

        everywhere = set(rows[0]).intersection(*rows)
        named = {name for row in rows for name in row}
        self._names = sorted(n for n in named if n in everywhere or not n.startswith(FIGURE))
        self._model = ExtraTreesRegressor(TREES, min_samples_leaf=LEAF, max_features=0.5, random_state=seed)
        self._model.fit(as_table(rows, self._names), values)

    def predict(self, rows: Sequence[Features]) -> Array:
        """A value for each row."""
        return np.asarray(self._model.predict(as_table(rows, self._names)), dtype=float)


def _rows(group: Sequence[KnownRun]) -> list[Features]:
    longest = max(run.amount for run in group)
    amounts = [float(np.log(run.amount / longest)) for run in group]
    return [
        {**features(run.architecture, run.shape), AMOUNT: amount}
        for run, amount in zip(group, amounts, strict=True)
    ]


def _standing(group: Sequence[KnownRun]) -> Array:
    losses = np.array([run.loss for run in group])
    losses = np.log(losses) if (losses > 0).all() else losses
    return (losses - losses.mean()) / (losses.std() or 1.0)
