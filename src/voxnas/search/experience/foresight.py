"""A model of how much candidates will still learn, from runs on other data that were trained for longer."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from voxnas.records.pareto import Array
from voxnas.search.experience.features import Features, features
from voxnas.search.experience.runs import KnownRun
from voxnas.search.experience.surrogate import FEWEST, Trees
from voxnas.utils.errors import InputError

SHARE = "share of the training"


class Foresight:
    """Predicts by what factor losses still fall, from the architecture and the share of training so far.

    What counts is who still gains more than others: gains are learnt as they differ from the mean of those
    on the same data after as much training.

    Args:
        runs: those known, see `read_runs`; of candidates with several amounts of training.
        seed: of its chance.

    Raises:
        InputError: fewer than `FEWEST` such candidates.
    """

    def __init__(self, runs: Sequence[KnownRun], seed: int = 0) -> None:
        rows, gains = _lessons(runs)
        if len(rows) < FEWEST:
            raise InputError(
                f"search.experience: {len(rows)} runs with a rung above are too few; it takes {FEWEST}"
            )
        self._least = min(row[SHARE] for row in rows)
        self._trees = Trees(rows, gains, seed)

    def gains(self, candidates: Sequence[Features], share: float) -> Array:
        """The logarithm of the factor of each, after that share of all training; below 0 of late learners."""
        at = max(float(np.log(share)), self._least)  # of shorter training nothing is known
        return self._trees.predict([{**candidate, SHARE: at} for candidate in candidates])


def _lessons(runs: Sequence[KnownRun]) -> tuple[list[Features], Array]:
    """Features of every candidate before the longest training of its group, and what it gained from there."""
    longest: dict[str, float] = defaultdict(float)
    for run in runs:
        longest[run.group] = max(longest[run.group], run.amount)
    ends = {(r.group, _key(r)): r for r in runs if r.amount == longest[r.group] and 0 < r.loss < np.inf}
    begun: dict[tuple[str, float], list[tuple[KnownRun, float]]] = defaultdict(list)
    for run in runs:
        end = ends.get((run.group, _key(run)))
        if end is not None and run.amount < end.amount and 0 < run.loss < np.inf:
            begun[run.group, run.amount].append((run, float(np.log(end.loss / run.loss))))
    rows: list[Features] = []
    gains: list[float] = []
    for (group, amount), known in begun.items():
        mean = float(np.mean([gain for _, gain in known]))
        share = float(np.log(amount / longest[group]))
        rows += [{**features(run.architecture, run.shape), SHARE: share} for run, _ in known]
        gains += [gain - mean for _, gain in known]
    return rows, np.array(gains)


def _key(run: KnownRun) -> str:
    return repr(_plain(run.architecture))


def _plain(architecture: Mapping[str, object]) -> list[tuple[str, object]]:
    return sorted(architecture.items())
