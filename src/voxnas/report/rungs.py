"""Eliminations: which rung each candidate left at, and why; and the score from rung to rung."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np

from voxnas.drawing import style
from voxnas.drawing.names import spread
from voxnas.problems.base import Problem
from voxnas.records.collect import latest, rung_order
from voxnas.records.pareto import Objective, fronts, objective_values
from voxnas.report.score_axis import score_axis

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

HEADING = "From rung to rung"
MOST_LINES = 300
LAST = "the last rung"
_SEED = re.compile(r"_seed-\d+")  # in a name: trained afresh with that seed


def eliminations(
    records: "pd.DataFrame", objectives: Sequence[Objective], problem: Problem
) -> "pd.DataFrame":
    """Table of a row per candidate: `candidate`, the rung that it `left_at`, its `score` there, and `why`.

    Those that a rung did not promote are told by their place in it, by score and by the front of the
    objectives that they stand on: the first is that of those that none dominates. The last rungs and the best
    scores come first.
    """
    import pandas as pd

    rungs = sorted(set(records["rung"]), key=rung_order)
    rows = []
    for rung, group in latest(records).groupby("rung", sort=False):
        peers = latest(records[records["rung"] == rung])
        later = set(records.loc[records["rung"].map(rungs.index) > rungs.index(str(rung)), "candidate"])
        going_on = later | {_SEED.sub("", name) for name in later}
        standing = _standing(peers, objectives, problem, going_on) if going_on else {}
        rows += [
            {
                "candidate": str(row["candidate"]),
                "left_at": str(rung),
                "score": row["score"],
                "why": _why(row, standing),
            }
            for _, row in group.iterrows()
        ]
    frame = pd.DataFrame(rows, columns=["candidate", "left_at", "score", "why"])
    best_first = -frame["score"] if problem.score.maximise else frame["score"]
    keys = [
        (-rungs.index(rung), np.inf if score != score else score)
        for rung, score in zip(frame["left_at"], best_first, strict=True)
    ]
    return frame.iloc[sorted(range(len(frame)), key=keys.__getitem__)].reset_index(drop=True)


def _why(row: "pd.Series", standing: dict[str, str]) -> str:
    if row["status"] != "ok":
        return f"{row['status']}: {row['reason']}" if row["reason"] else str(row["status"])
    return standing.get(str(row["candidate"]), LAST)


def _standing(
    peers: "pd.DataFrame", objectives: Sequence[Objective], problem: Problem, going_on: set[str]
) -> dict[str, str]:
    """The reason why each of a rung's finished that does not go on was left behind."""
    peers = peers[(peers["status"] == "ok") & peers["score"].notna()]
    ranks = peers["score"].rank(method="min", ascending=not problem.score.maximise).astype(int)
    front = fronts(objective_values(peers, objectives), [o.direction for o in objectives]) + 1
    kept = [f for f, name in zip(front, peers["candidate"], strict=True) if name in going_on and f > 0]
    words = {}
    for name, rank, own in zip(peers["candidate"], ranks, front, strict=True):
        if name in going_on:
            continue
        place = f"place {rank} of {len(peers)} by {problem.score.name}, front {own}"
        words[str(name)] = f"{place}; {len(kept)} went on, of fronts up to {max(kept, default=0)}"
    return words


def eliminations_rows(frame: "pd.DataFrame", problem: Problem, limit: int) -> list[list[str]]:
    """The first rows of `eliminations` as text, for a table."""
    shown = frame.head(limit)
    columns = (shown["candidate"], shown["left_at"], shown["score"], shown["why"])
    return [
        [name, rung or "–", problem.score.text(score), why]
        for name, rung, score, why in zip(*columns, strict=True)
    ]


def rungs_plot(records: "pd.DataFrame", problem: Problem) -> "Figure":
    """Figure of the score at the end of each rung, a line per candidate; grey if it left before the last."""
    with matplotlib.rc_context(style.RC):
        figure = style.new_figure()
        done = records[(records["status"] == "ok") & np.isfinite(records["score"]) & (records["rung"] != "")]
        table = done.pivot_table(index="candidate", columns="rung", values="score", aggfunc="last")
        rungs = sorted(map(str, table), key=rung_order)
        if len(rungs) < 2:
            return style.nothing(figure, HEADING, "there is but one rung")
        axes = figure.add_subplot(title=HEADING, ylabel=style.capital(problem.figure("score").axis))
        values = table[rungs].to_numpy(dtype=float)
        values = values[spread(len(values), MOST_LINES)]
        for line in values[np.argsort(~np.isnan(values[:, -1]), kind="stable")]:
            look: Any = {"color": style.FAINT, "lw": 0.7, "alpha": 0.5}
            if not np.isnan(line[-1]):
                look = {"color": style.RUNGS[-1], "lw": 1.3, "alpha": 0.9}
            axes.plot(line, marker="o", ms=3, **look)
        axes.set_xticks(range(len(rungs)), [f"{r}\n{int(table[r].notna().sum())} finished" for r in rungs])
        score_axis(axes, values[np.isfinite(values)], problem.score)
    return figure
