"""Recommendations for players: the shortest look back that is good enough, and the most for its size."""

from typing import TYPE_CHECKING

import numpy as np

from voxnas.problems.amp.figures import FIGURES, SCORE
from voxnas.problems.sections import Choice

if TYPE_CHECKING:
    import pandas as pd


def best_latency(max_esr: float) -> Choice:
    """The lowest latency among candidates whose validation ESR is at most `max_esr`."""
    limit = SCORE.text(max_esr)

    def least(frame: "pd.DataFrame") -> np.ndarray:
        return np.where(frame["score"] <= max_esr, frame["latency_ms"], np.nan)

    def why(row: "pd.Series") -> str:
        latency = FIGURES["latency_ms"].text(row["latency_ms"])
        return f"looks back the least, {latency} ms, of those with a {SCORE.title} of at most {limit}"

    def otherwise(best: "pd.Series | None") -> str:
        reached = "" if best is None else f"; the best has {SCORE.text(best['score'])}"
        return f"no candidate reached a {SCORE.title} of {limit}{reached}"

    meaning = "**best latency** is the lowest of those that are good enough"
    return Choice("best latency", least, why, otherwise, meaning)


def most_efficient() -> Choice:
    """The lowest product of ESR and parameters."""

    def product(row: "pd.Series") -> float:
        return float(row["score"] * row["parameters"])

    return Choice(
        "most efficient",
        least=lambda frame: (frame["score"] * frame["parameters"]).to_numpy(dtype=float),
        why=lambda row: (
            "most quality per parameter: lowest product of ESR and parameters, " + SCORE.text(product(row))
        ),
        otherwise=lambda _: "no candidate has both an ESR and a size",
        meaning="**most efficient** has the lowest product of ESR and parameters",
    )
