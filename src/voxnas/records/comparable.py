"""Costs that compare: those that were measured with the same engine, in blocks of the same size.

What else a record holds does not depend on that.
"""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from voxnas.records.collect import latest, with_columns

if TYPE_CHECKING:
    import pandas as pd


class Conditions(NamedTuple):
    """The conditions that costs were measured under; unknown where a record does not say."""

    engine: str | None
    block_size: float | None


def comparable(
    records: "pd.DataFrame", costs: Sequence[str], told: Sequence[str]
) -> tuple["pd.DataFrame", list[str]]:
    """Records with the costs that most finished candidates were measured for, and what is not compared.

    A run that was measured in blocks of another size has, where it was timed in those of most too, its cost
    at that size (`NAME_block64`), else none. One that does not say how it was measured is taken at its word.

    Args:
        records: a row per run, as `collect` has them.
        costs: columns of figures that compare only where they were measured the same way.
        told: the costs among them that get a line each where candidates lack them for that.
    """
    costs = [name for name in costs if name in records]
    records = with_columns(records, Conditions._fields)
    main = _usual(latest(records), costs)
    if main is None:
        return records, []
    compared = _at(records, costs, main)
    before, after = latest(records), latest(compared)
    finished = (before["status"] == "ok").to_numpy()
    notices = []
    for name in [name for name in told if name in costs]:
        lost = finished & (before[name].notna() & after[name].isna()).to_numpy()
        if lost.any():
            others = sorted({_words(conditions) for conditions in _conditions(before[lost])})
            notices.append(
                f"{name}: {lost.sum()} of {finished.sum()} candidates were measured otherwise"
                f" ({', '.join(others)}) and are not compared; the same command measures them again"
            )
    return compared, notices


def _conditions(frame: "pd.DataFrame") -> list[Conditions]:
    pairs = zip(frame["engine"], frame["block_size"], strict=True)
    return [Conditions(engine or None, size if size == size else None) for engine, size in pairs]


def _usual(candidates: "pd.DataFrame", costs: Sequence[str]) -> Conditions | None:
    """The conditions of most finished candidates that have costs; of equally many, the larger blocks."""
    known = candidates[(candidates["status"] == "ok") & candidates[list(costs)].notna().any(axis=1)]
    counts = Counter(conditions for conditions in _conditions(known) if any(conditions))
    return max(counts, key=lambda c: (counts[c], c.block_size or 0, c.engine or ""), default=None)


def _at(records: "pd.DataFrame", costs: Sequence[str], main: Conditions) -> "pd.DataFrame":
    """The records with their costs under these conditions."""
    engine, size = records["engine"], records["block_size"]
    elsewhere = (engine != "") & (engine != main.engine) & bool(main.engine)
    otherwise = size.notna() & (size != main.block_size) & bool(main.block_size) & ~elsewhere
    if not (elsewhere | otherwise).any():
        return records
    compared = records.copy()
    for name in costs:
        same_size = f"{name}_block{main.block_size or 0:.0f}"
        values = records.get(same_size, np.nan)
        compared[name] = records[name].mask(otherwise, values).mask(elsewhere, np.nan)
    return compared.assign(block_size=size.mask(otherwise, main.block_size))


def _words(conditions: Conditions) -> str:
    size = "unknown" if conditions.block_size is None else f"{conditions.block_size:.0f}"
    return f"engine {conditions.engine or 'unknown'}, blocks of {size}"
