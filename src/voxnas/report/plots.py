"""Candidates in the planes, and the space, of quality, latency, size and CPU cost."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np

from voxnas.records.collect import rung_order
from voxnas.records.pareto import non_dominated
from voxnas.report import labels, style
from voxnas.report.figures import QUALITY, short_names, spread, title
from voxnas.report.picks import Pick

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PLANES = {  # file → horizontal and vertical axis
    "quality_vs_latency.png": ("latency_ms", "best_val_loss"),
    "quality_vs_params.png": ("parameters", "best_val_loss"),
    "latency_vs_params.png": ("parameters", "latency_ms"),
    "quality_vs_cpu_rtf.png": ("cpu_rtf", "best_val_loss"),
}
SPACE = ("latency_ms", "parameters", "best_val_loss")
GUIDES = {"best_val_loss": QUALITY, "cpu_rtf": [(0.8, "real-time limit")]}
FRONTIER = "Pareto frontier"
MAX_LABELS = 14
CROWD = 400  # with more candidates than this, dots are small and translucent


def plane(frame: "pd.DataFrame", mask: np.ndarray, x: str, y: str, picks: Sequence[Pick] = ()) -> "Figure":
    """Finished candidates by two figures, those of the frontier as red stars.

    `frame` has one row per candidate, `mask` says which are on the frontier of all objectives. The line is
    the frontier of the two figures shown, both minimised; stars off it are there for another objective.
    """
    heading = f"{style.concept(y).capitalize()} against {style.concept(x)}"
    with matplotlib.rc_context(style.RC):
        figure = style.new_figure()
        points, rows = _points(frame, (x, y))
        if not len(rows):
            return style.nothing(figure, heading, f"no finished candidate has {title(x)} and {title(y)}")
        axes = figure.add_subplot(title=heading, xlabel=style.label(x), ylabel=style.label(y))
        style.scale(axes, "x", points[:, 0])
        style.scale(axes, "y", points[:, 1])
        _step_line(axes, points)
        _marks(axes, points, frame["rung"].to_numpy()[rows], mask[rows])
        axes.autoscale_view()
        _guides(axes, x, y)
        _legend(axes, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=6, columnspacing=1.2)
        figure.draw_without_rendering()  # settles the layout, so that labels can be placed in pixels
        figure.set_layout_engine("none")
        _label(axes, axes.transData.transform(points), _label_texts(frame, rows, mask, picks), mask[rows])
    return figure


def space(frame: "pd.DataFrame", mask: np.ndarray, picks: Sequence[Pick] = ()) -> "Figure":
    """Quality, latency and size in three dimensions, the frontier as red stars on stems."""
    heading = "Quality, latency and size"
    with matplotlib.rc_context(style.RC):
        figure = style.new_figure(8.4, 7.0)
        points, rows = _points(frame, SPACE)
        if not len(rows):
            return style.nothing(figure, heading, "no finished candidate has all three figures")
        figure.suptitle(heading, **style.SUPTITLE)
        axes: Any = figure.add_subplot(projection="3d")
        spots = np.column_stack([_spatial_axis(axes, n, v) for n, v in zip("xyz", points.T, strict=True)])
        for axis, name in zip("xyz", SPACE, strict=True):
            getattr(axes, f"set_{axis}label")(style.label(name).split(":")[0], labelpad=9)
        on = mask[rows]
        for px, py, pz in spots[on] if on.sum() <= CROWD else []:
            axes.plot([px, px], [py, py], [axes.get_zlim()[0], pz], color=style.FRONTIER, lw=0.7, alpha=0.45)
        _marks(axes, spots, frame["rung"].to_numpy()[rows], on)
        axes.view_init(elev=22, azim=-52)
        axes.set_box_aspect((1.15, 1.15, 0.95), zoom=0.92)
        _legend(axes, loc="upper right")
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        _label(axes, _projected(axes, spots), _label_texts(frame, rows, mask, picks, only_picks=True), on)
    return figure


def _points(frame: "pd.DataFrame", names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The finite figures of finished candidates, `(n, axes)`, and their positions in the table."""
    values = frame[list(names)].to_numpy(dtype=float)
    rows = np.flatnonzero(np.isfinite(values).all(axis=1) & (frame["status"] == "ok").to_numpy())
    return values[rows], rows


def _step_line(axes: "Axes", points: np.ndarray) -> None:
    best = np.unique(points[non_dominated(points)], axis=0)
    axes.plot(*best.T, drawstyle="steps-post", color=style.FRONTIER, lw=1.2, alpha=0.55, zorder=2)


def _marks(axes: Any, points: np.ndarray, rungs: np.ndarray, on: np.ndarray) -> None:
    """Dots by rung, darker the further a candidate got, and stars on the frontier."""
    crowd = len(points) > CROWD
    names = sorted(set(rungs), key=rung_order)
    shades = style.RUNGS[-2:] if len(names) == 2 else style.RUNGS[-1:] if len(names) == 1 else style.RUNGS
    dots = {"s": 9 if crowd else 34, "alpha": 0.35 if crowd else 0.9, "linewidths": 0 if crowd else 0.5}
    for number, rung in enumerate(names):
        chosen = points[(rungs == rung) & ~on]
        colour = shades[min(number * len(shades) // len(names), len(shades) - 1)]
        axes.scatter(
            *chosen.T, color=colour, edgecolors="white", label=rung or "candidates", zorder=3, **dots
        )
    stars = {"s": 80 if on.sum() > 60 else 190, "edgecolors": "white", "linewidths": 0.7, "zorder": 5}
    extra = {"depthshade": False} if points.shape[1] == 3 else {}
    axes.scatter(*points[on].T, marker="*", color=style.FRONTIER, label=FRONTIER, **stars, **extra)


def _guides(axes: "Axes", x: str, y: str) -> None:
    """Thresholds that lie within the picture, as dotted lines."""
    for level, words in GUIDES.get(y, []):
        if axes.get_ylim()[0] < level < axes.get_ylim()[1]:
            axes.axhline(level, color=style.FAINT, lw=0.9, ls=":", zorder=1)
            where, ends = (1.0, level), _quiet(ha="right", va="top")
            axes.annotate(words, where, (0, -2), axes.get_yaxis_transform(), "offset points", **ends)
    for level, words in GUIDES.get(x, []):
        if axes.get_xlim()[0] < level < axes.get_xlim()[1]:
            axes.axvline(level, color=style.FAINT, lw=0.9, ls=":", zorder=1)
            where, ends = (level, 1.0), _quiet(ha="right", va="top", rotation=90)
            axes.annotate(words, where, (-2, 0), axes.get_xaxis_transform(), "offset points", **ends)


def _quiet(**place: Any) -> dict[str, Any]:
    return {"color": style.FAINT, "fontsize": 8, **place}


def _legend(axes: Any, **place: Any) -> None:
    legend = axes.legend(handletextpad=0.2, **place)
    for handle in legend.legend_handles:  # readable even where the marks are many and faint
        handle.set_alpha(1)
        handle.set_sizes([110 if handle.get_label() == FRONTIER else 34])


def _label_texts(
    frame: "pd.DataFrame",
    rows: np.ndarray,
    mask: np.ndarray,
    picks: Sequence[Pick],
    only_picks: bool = False,
) -> dict[int, str]:
    """What to write beside which points, the most important first: picks, frontier, then all if few."""
    names = short_names([str(c) for c in frame["candidate"].iloc[rows]])
    praise: dict[int, list[str]] = {}
    for pick in picks:
        praise.setdefault(-1 if pick.row is None else pick.row, []).append(pick.title)
    chosen = [i for i, row in enumerate(rows) if row in praise]
    others = [i for i, row in enumerate(rows) if mask[row] and i not in chosen]
    room = 0 if only_picks and len(others) > MAX_LABELS else MAX_LABELS - len(chosen)
    chosen += [others[i] for i in spread(len(others), room)]
    if len(rows) <= MAX_LABELS and not only_picks:
        chosen += [i for i in range(len(rows)) if i not in chosen]
    return {i: "\n".join([names[i], *praise.get(int(rows[i]), [])]) for i in chosen}


def _label(axes: Any, pixels: np.ndarray, texts: dict[int, str], on: np.ndarray) -> None:
    """Write the labels clear of the words that are there already."""
    chosen = list(texts)
    colours = [style.INK if on[i] else style.FAINT for i in chosen]
    words = [*axes.texts, axes.get_legend(), *_tick_labels(axes)]
    blocked = [tuple(w.get_window_extent().extents) for w in words]
    labels.place(axes, pixels[chosen], list(texts.values()), colours, pixels, blocked)


def _tick_labels(axes: Any) -> list[Any]:
    """As last drawn: in 3D, asking the axes for them would move them."""
    return [tick.label1 for axis in axes._axis_map.values() for tick in axis.majorTicks]


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
        marks = [s * 10.0**d for d in range(int(low) - 2, int(high) + 2) for s in (1, 2, 5)]
        marks = [m for m in marks if low - margin <= np.log10(m) <= high + margin]
        marks = [m for m in marks if np.isclose(np.log10(m) % 1, 0)] if len(marks) > 8 else marks
        ticks.set_ticks(np.log10(marks), [style.tick(m) for m in marks])
    else:
        ticks.set_major_locator(MaxNLocator(5))
        ticks.set_major_formatter(FuncFormatter(lambda value, _: style.tick(value)))
    return spots


def _projected(axes: Any, spots: np.ndarray) -> np.ndarray:
    from mpl_toolkits.mplot3d import proj3d  # type: ignore[import-untyped]

    x, y, _ = proj3d.proj_transform(*spots.T, axes.get_proj())
    return axes.transData.transform(np.column_stack([x, y]))
