"""Candidates in the space of three of their figures."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np

from voxnas.drawing import style
from voxnas.problems.base import Problem
from voxnas.report import marks
from voxnas.report.picks import Pick

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def space_heading(names: Sequence[str], problem: Problem) -> str:
    """The heading of the picture in three dimensions."""
    x, y, z = (problem.figure(name).concept for name in names)
    return f"{style.capital(z)}, {x} and {y}"


def space(
    frame: "pd.DataFrame",
    mask: np.ndarray,
    names: Sequence[str],
    problem: Problem,
    picks: Sequence[Pick] = (),
) -> "Figure":
    """Figure of three figures in three dimensions, the frontier as red stars on stems."""
    heading = space_heading(names, problem)
    with matplotlib.rc_context(style.RC):
        figure = style.new_figure(8.4, 7.0)
        points, rows = marks.points(frame, names)
        if not len(rows):
            return style.nothing(figure, heading, "no finished candidate has all three figures")
        figure.suptitle(heading, **style.SUPTITLE)
        axes: Any = figure.add_subplot(projection="3d")
        spots = np.column_stack([_spatial_axis(axes, n, v) for n, v in zip("xyz", points.T, strict=True)])
        for axis, name in zip("xyz", names, strict=True):
            getattr(axes, f"set_{axis}label")(
                style.capital(problem.figure(name).axis.split(":")[0]), labelpad=9
            )
        on = mask[rows]
        for px, py, pz in spots[on] if on.sum() <= marks.CROWD else []:
            axes.plot([px, px], [py, py], [axes.get_zlim()[0], pz], color=style.FRONTIER, lw=0.7, alpha=0.45)
        marks.marks(axes, spots, frame["rung"].to_numpy()[rows], on)
        axes.view_init(elev=22, azim=-52)
        axes.set_box_aspect((1.15, 1.15, 0.95), zoom=0.92)
        marks.legend(axes, loc="upper right")
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        marks.label(
            axes, _projected(axes, spots), marks.label_texts(frame, rows, mask, picks, only_picks=True), on
        )
    return figure


def _spatial_axis(axes: Any, axis: str, values: np.ndarray) -> np.ndarray:
    """Values as a 3D axis takes them: Matplotlib has no logarithmic ones, so their ticks are relabelled."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    wide = style.is_wide(values)
    spots = np.log10(values) if wide else values
    low, high = spots.min(), spots.max()
    margin = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
    getattr(axes, f"set_{axis}lim")(low - margin, high + margin)
    ticks = getattr(axes, f"{axis}axis")
    if wide:
        places = [s * 10.0**d for d in range(int(low) - 2, int(high) + 2) for s in (1, 2, 5)]
        places = [m for m in places if low - margin <= np.log10(m) <= high + margin]
        places = [m for m in places if np.isclose(np.log10(m) % 1, 0)] if len(places) > 8 else places
        ticks.set_ticks(np.log10(places), [style.tick(m) for m in places])
    else:
        ticks.set_major_locator(MaxNLocator(5))
        ticks.set_major_formatter(FuncFormatter(lambda value, _: style.tick(value)))
    return spots


def _projected(axes: Any, spots: np.ndarray) -> np.ndarray:
    from mpl_toolkits.mplot3d import proj3d  # type: ignore[import-untyped]

    x, y, _ = proj3d.proj_transform(*spots.T, axes.get_proj())
    return axes.transData.transform(np.column_stack([x, y]))
