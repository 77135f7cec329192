"""Candidates in the plane of two of their figures."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np

from voxnas.drawing import style
from voxnas.problems.base import Problem
from voxnas.records.pareto import non_dominated
from voxnas.report import marks
from voxnas.report.picks import Pick

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Guides = Mapping[str, Sequence[tuple[float, str]]]  # figure → levels with a word


def plane(
    frame: "pd.DataFrame",
    mask: np.ndarray,
    x: str,
    y: str,
    problem: Problem,
    picks: Sequence[Pick] = (),
    guides: Guides | None = None,
) -> "Figure":
    """Figure of finished candidates by two of their figures, those of the frontier as red stars.

    `frame` has one row per candidate, `mask` says which are on the frontier of all objectives. The line is
    the frontier of the two figures shown, each good on its own side; stars off it are there for another
    objective.
    """
    heading = plane_heading(x, y, problem)
    across, up = problem.figure(x), problem.figure(y)
    with matplotlib.rc_context(style.RC):
        figure = style.new_figure()
        points, rows = marks.points(frame, (x, y))
        if not len(rows):
            return style.nothing(figure, heading, f"no finished candidate has {across.title} and {up.title}")
        words = {"xlabel": style.capital(across.axis), "ylabel": style.capital(up.axis)}
        axes = figure.add_subplot(title=heading, **words)
        style.scale(axes, "x", points[:, 0])
        style.scale(axes, "y", points[:, 1])
        _step_line(axes, points, [problem.objective(name).direction for name in (x, y)])
        marks.marks(axes, points, frame["rung"].to_numpy()[rows], mask[rows])
        axes.autoscale_view()
        levels = {"score": problem.score.words, **(guides or {})}
        _guides(axes, levels.get(x, ()), levels.get(y, ()), above=problem.objective(y).maximise)
        marks.legend(axes, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=6, columnspacing=1.2)
        figure.draw_without_rendering()  # settles the layout, so that labels can be placed in pixels
        figure.set_layout_engine("none")
        marks.label(
            axes, axes.transData.transform(points), marks.label_texts(frame, rows, mask, picks), mask[rows]
        )
    return figure


def plane_heading(x: str, y: str, problem: Problem) -> str:
    """The heading of a plane."""
    return f"{style.capital(problem.figure(y).concept)} against {problem.figure(x).concept}"


def _step_line(axes: "Axes", points: np.ndarray, directions: Sequence[int]) -> None:
    best = np.unique(points[non_dominated(points, directions)], axis=0)
    steps = "steps-post" if directions[0] > 0 else "steps-pre"
    axes.plot(*best.T, drawstyle=steps, color=style.FRONTIER, lw=1.2, alpha=0.55, zorder=2)


def _guides(
    axes: "Axes", x: Sequence[tuple[float, str]], y: Sequence[tuple[float, str]], above: bool
) -> None:
    """Levels that lie within the picture, as dotted lines with words on the side that they speak of."""
    for level, words in y:
        if axes.get_ylim()[0] < level < axes.get_ylim()[1]:
            axes.axhline(level, color=style.FAINT, lw=0.9, ls=":", zorder=1)
            side, shift = ("bottom", 2) if above else ("top", -2)
            ends = _quiet(ha="right", va=side)
            axes.annotate(
                words, (1.0, level), (0, shift), axes.get_yaxis_transform(), "offset points", **ends
            )
    for level, words in x:
        if axes.get_xlim()[0] < level < axes.get_xlim()[1]:
            axes.axvline(level, color=style.FAINT, lw=0.9, ls=":", zorder=1)
            where, ends = (level, 1.0), _quiet(ha="right", va="top", rotation=90)
            axes.annotate(words, where, (-2, 0), axes.get_xaxis_transform(), "offset points", **ends)


def _quiet(**place: Any) -> dict[str, Any]:
    return {"color": style.FAINT, "fontsize": 8, **place}
