"""Growth of the frontier while the search went on."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib
import numpy as np

from voxnas.drawing import style
from voxnas.problems.base import Problem
from voxnas.records.pareto import Objective, hypervolume, non_dominated, normalise, objective_values
from voxnas.records.pareto import reference_point as reference_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

HEADING = "Growth of the frontier"
SEARCHED = "search.seconds"  # that a differentiable search took before the run


def growth(records: "pd.DataFrame", objectives: Sequence[Objective]) -> np.ndarray:
    """Array `(n, 2)` of training seconds spent so far, over all workers, and the hypervolume known then.

    `records` has a row per run. Runs count in the order in which they ended, those of every rung; the
    hypervolume is a share of the box from the best of every objective to a tenth beyond the worst, each
    scaled to its range over all runs.
    """
    import pandas as pd

    ended = pd.to_datetime(records["finished"].where(records["finished"] != "", None), utc=True)
    begun = pd.to_datetime(records["created"].where(records["created"] != "", None), utc=True)
    seconds = records["train_seconds"].fillna(0.0)
    if SEARCHED in records:
        seconds = seconds + records[SEARCHED].fillna(0.0)
    order = ended.fillna(begun + pd.to_timedelta(seconds, unit="s")).argsort(kind="stable").to_numpy()
    directions = [o.direction for o in objectives]
    values = normalise(objective_values(records, objectives), directions)[order]
    if np.isnan(values).all():
        return np.zeros((0, 2))
    reference = reference_of(values)
    spent, volumes = np.cumsum(seconds.to_numpy()[order]), []
    front, volume = np.zeros((0, len(objectives))), 0.0
    for value in values:
        if np.isfinite(value).all() and not (front <= value).all(axis=1).any():
            front = np.vstack([front, value])
            front = front[non_dominated(front)]
            volume = hypervolume(front, reference.tolist()) / float(np.prod(reference))
        volumes.append(volume)
    return np.column_stack([spent, volumes])


def growth_plot(records: "pd.DataFrame", objectives: Sequence[Objective], problem: Problem) -> "Figure":
    """Figure of the hypervolume against the training time spent."""
    with matplotlib.rc_context(style.RC):
        figure = style.new_figure()
        curve = growth(records, objectives) if objectives else np.zeros((0, 2))
        if not len(curve) or curve[-1, 1] == 0:
            return style.nothing(figure, HEADING, "no finished run has every objective")
        minutes = curve[:, 0] / 60
        names = ", ".join(problem.figure(o.name).title for o in objectives)
        axes = figure.add_subplot(
            title=HEADING,
            xlabel="training time of all runs so far (min)",
            ylabel="hypervolume, share of the box",
        )
        axes.step([0, *minutes], [0, *curve[:, 1]], where="post", color=style.FRONTIER, lw=1.9)
        level = 0.99 * curve[-1, 1]
        reached = minutes[int(np.argmax(curve[:, 1] >= level))]
        axes.axvline(reached, color=style.FAINT, lw=0.9, ls=":")
        axes.annotate(
            f"99 % of it after {reached:.3g} min",
            (reached, 0.02),
            (4, 0),
            axes.get_xaxis_transform(),
            "offset points",
            color=style.FAINT,
            fontsize=8,
        )
        axes.set_xlim(left=0)
        axes.set_ylim(0, 1.08 * curve[-1, 1])
        axes.text(0, -0.16, f"objectives: {names}", transform=axes.transAxes, color=style.FAINT, fontsize=8)
    return figure
