"""Importance of a candidate's choices for each objective.

A random forest predicts the objective from the choices; a choice is as important as the forest gets worse
when that choice alone is shuffled (L. Breiman, "Random Forests", 2001; the code is scikit-learn's).
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from voxnas.problems.sections import Sections
from voxnas.records.pareto import Objective

if TYPE_CHECKING:
    import pandas as pd

LEAST_CANDIDATES = 8
MOST_CANDIDATES = 2000  # a sample of more says the same
TREES, REPEATS = 64, 8
_SETTINGS, _ARCHITECTURE = "settings.", "architecture."


def importances(
    candidates: "pd.DataFrame", objectives: Sequence[Objective], sections: Sections, seed: int = 0
) -> "pd.DataFrame":
    """Table of a row per choice that differs between finished candidates, a column per objective, of sum 1.

    `candidates` are rows of `collect`. An objective that has one value throughout, or that the choices do
    not explain at all, is all zero. Empty with fewer than eight finished candidates, or no choice that
    differs.
    """
    import pandas as pd

    finished = candidates[candidates["status"] == "ok"]
    if len(finished) > MOST_CANDIDATES:
        finished = finished.sample(MOST_CANDIDATES, random_state=seed)
    table = choices(finished, sections)
    table = table.loc[:, [table[name].nunique(dropna=False) > 1 for name in table]]
    if len(finished) < LEAST_CANDIDATES or table.empty:
        return pd.DataFrame()
    coded = _coded(table)
    shares = {o.name: _shares(coded, finished[o.name].to_numpy(dtype=float), seed) for o in objectives}
    return pd.DataFrame(shares, index=coded.columns)


def choices(candidates: "pd.DataFrame", sections: Sections) -> "pd.DataFrame":
    """Table of what each candidate chose, one row per candidate: of its architecture, and of its settings.

    A choice that is made several times, as per layer, is shown by its mean or its different values.
    """
    import pandas as pd

    settings = [str(c) for c in candidates if str(c).startswith(_SETTINGS)]
    rows = []
    for values in ({str(k): v for k, v in row.items()} for row in candidates.to_dict("records")):
        row = {name.removeprefix(_SETTINGS): values[name] for name in settings}
        own = {k.removeprefix(_ARCHITECTURE): v for k, v in values.items() if k.startswith(_ARCHITECTURE)}
        chosen = sections.architecture({name: _parsed(value) for name, value in own.items()})
        rows.append(row | {name: _one(value) for name, value in chosen.items()})
    return pd.DataFrame(rows, index=candidates.index)


def _parsed(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in "[{":
        return json.loads(value)
    return value


def _one(value: Any) -> Any:
    """A single value for what is said several times."""
    if isinstance(value, Mapping):
        return json.dumps(value)
    if not isinstance(value, list):
        return value
    if all(isinstance(v, int | float) for v in value):
        return float(np.mean(value)) if value else np.nan
    return " ".join(sorted({v if isinstance(v, str) else json.dumps(v, sort_keys=True) for v in value}))


def _coded(table: "pd.DataFrame") -> "pd.DataFrame":
    """Numbers as they are, other values by their rank among the names; what a candidate lacks is -1."""
    import pandas as pd

    coded = {}
    for name in table:
        numbers = pd.to_numeric(table[name], errors="coerce")
        if numbers.notna().sum() < table[name].notna().sum():
            numbers = table[name].astype(str).rank(method="dense")
        coded[name] = numbers.fillna(-1.0).astype(float)
    return pd.DataFrame(coded, index=table.index)


def _shares(coded: "pd.DataFrame", values: np.ndarray, seed: int) -> np.ndarray:
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.inspection import permutation_importance

    known = np.isfinite(values)
    values = values[known]
    if known.sum() < LEAST_CANDIDATES or np.ptp(values) == 0:
        return np.zeros(coded.shape[1])
    target = np.log(values) if (values > 0).all() else values
    inputs = coded.to_numpy()[known]
    forest = RandomForestRegressor(TREES, min_samples_leaf=2, random_state=seed).fit(inputs, target)
    found = permutation_importance(forest, inputs, target, n_repeats=REPEATS, random_state=seed)
    gains = np.maximum(found.importances_mean, 0.0)
    return gains / gains.sum() if gains.sum() > 0 else gains
