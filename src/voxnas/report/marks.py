"""Marks, labels and legend of pictures that show candidates as points."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from voxnas.drawing import labels, style
from voxnas.drawing.names import short_names, spread
from voxnas.records.collect import rung_order
from voxnas.report.picks import Pick

if TYPE_CHECKING:
    import pandas as pd

FRONTIER = "Pareto frontier"
MAX_LABELS = 14
CROWD = 400  # with more candidates than this, dots are small and translucent


def points(frame: "pd.DataFrame", names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The finite figures of finished candidates, `(n, axes)`, and their positions in the table."""
    values = frame[list(names)].to_numpy(dtype=float)
    rows = np.flatnonzero(np.isfinite(values).all(axis=1) & (frame["status"] == "ok").to_numpy())
    return values[rows], rows


def marks(axes: Any, points: np.ndarray, rungs: np.ndarray, on: np.ndarray) -> None:
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


def legend(axes: Any, **place: Any) -> None:
    legend = axes.legend(handletextpad=0.2, **place)
    for handle in legend.legend_handles:  # readable even where the marks are many and faint
        handle.set_alpha(1)
        handle.set_sizes([110 if handle.get_label() == FRONTIER else 34])


def label_texts(
    frame: "pd.DataFrame",
    rows: np.ndarray,
    mask: np.ndarray,
    picks: Sequence[Pick],
    only_picks: bool = False,
) -> dict[int, str]:
    """The texts beside points, the most important first: picks, frontier, then all if few."""
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


def label(axes: Any, pixels: np.ndarray, texts: dict[int, str], on: np.ndarray) -> None:
    """Write the labels clear of the words that are there already."""
    chosen = list(texts)
    colours = [style.INK if on[i] else style.FAINT for i in chosen]
    words = [*axes.texts, axes.get_legend(), *_tick_labels(axes)]
    blocked = [tuple(w.get_window_extent().extents) for w in words]
    labels.place(axes, pixels[chosen], list(texts.values()), colours, pixels, blocked)


def _tick_labels(axes: Any) -> list[Any]:
    """As last drawn: in 3D, asking the axes for them would move them."""
    return [tick.label1 for axis in axes._axis_map.values() for tick in axis.majorTicks]
