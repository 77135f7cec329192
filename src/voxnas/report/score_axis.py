"""Axis of scores, the same in every plot that has one."""

from typing import TYPE_CHECKING

import numpy as np

from voxnas.drawing import style
from voxnas.problems.base import Score

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def score_axis(axes: "Axes", values: np.ndarray, score: "Score") -> None:
    """A vertical axis of scores `(n,)`: from the best to where training diverged.

    Logarithmic where small scores are good and all of them are positive.
    """
    low, high = float(values.min()), float(values.max())
    if score.maximise or low <= 0:
        axes.set_ymargin(0.08)
        return
    top = 1.3 * high
    if score.diverged is not None and low < score.diverged / 2:
        top = min(max(high, 1.3 * low), score.diverged)
    axes.set_yscale("log")
    axes.set_ylim(low * 0.8, top * 1.1)
    style.plain_ticks(axes.yaxis, decades=float(np.log10(top / low)))
