"""Importance of choices, as bars."""

from typing import TYPE_CHECKING

import matplotlib

from voxnas.drawing import style
from voxnas.problems.base import Problem

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

HEADING = "What decides each objective"
MOST_BARS = 14


def importance_plot(shares: "pd.DataFrame", problem: Problem) -> "Figure":
    """Figure of `importances`: a panel of bars per objective, the most important choices on top."""
    with matplotlib.rc_context(style.RC):
        if shares.empty:
            reason = "there are too few finished candidates, or they do not differ"
            return style.nothing(style.new_figure(), HEADING, reason)
        order = shares.mean(axis=1).sort_values(ascending=False, kind="stable").index[:MOST_BARS]
        figure = style.new_figure(2.4 + 2.6 * shares.shape[1], 1.4 + 0.34 * len(order))
        figure.suptitle(HEADING, **style.SUPTITLE)
        row = figure.subplots(1, shares.shape[1], sharey=True, squeeze=False)[0]
        for axes, name in zip(row, shares, strict=True):
            axes.barh(range(len(order)), shares[name][order], color=style.RUNGS[2], height=0.66)
            axes.set_title(problem.figure(str(name)).title, fontsize=10.5, weight="normal")
            axes.set_xlim(0, 1)
            axes.set_xlabel("share")
            axes.grid(visible=False, axis="y")
        row[0].set_yticks(range(len(order)), list(order))
        row[0].invert_yaxis()
    return figure
