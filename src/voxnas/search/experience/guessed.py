"""Figures that have to be measured, such as a cost: of a few candidates measured, of the others guessed.

To measure each of hundreds of drafts, of which most are never trained, would take minutes.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from voxnas.search.experience.features import Features, features
from voxnas.search.experience.surrogate import FEWEST, Trees
from voxnas.search.preview import Candidate
from voxnas.search.sources.proposals import Proposal

SAMPLE = 24  # candidates that are measured


class Guessed:
    """Tells figures of candidates by name.

    Args:
        names: of the figures.
        pool: proposals, a few of which are measured if they do not tell all figures as they are.
    """

    def __init__(self, names: Sequence[str], pool: Mapping[str, Proposal]) -> None:
        self._models: dict[str, Trees] = {}
        proposals = [pool[name] for name in sorted(pool)]
        missing = {name for name in names for p in proposals if figure(p.preview(), name) is None}
        measured = [p.priced() for p in proposals[:: -(-len(proposals) // SAMPLE)]] if missing else []
        for name in sorted(missing):
            known = [(features(c.architecture, c.shape), figure(c, name)) for c in measured]
            told = [(row, value) for row, value in known if value is not None and value > 0]
            if len(told) >= FEWEST:
                rows, values = zip(*told, strict=True)
                self._models[name] = Trees(rows, np.log(values), seed=0)

    def tell(
        self, name: str, candidates: Sequence[Candidate], rows: Sequence[Features]
    ) -> list[float] | None:
        """The figure of each, known or guessed; None where neither can be."""
        known = [figure(candidate, name) for candidate in candidates]
        if None not in known:
            return [float(value) for value in known if value is not None]
        if name not in self._models:
            return None
        return [float(value) for value in np.exp(self._models[name].predict(rows))]


def figure(candidate: Candidate, name: str) -> float | None:
    """A number that a preview tells."""
    value = candidate.costs.get(name, candidate.shape.get(name))
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
