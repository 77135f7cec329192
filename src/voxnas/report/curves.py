"""Curves of the score, epoch by epoch."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
import numpy as np

from voxnas.drawing import style
from voxnas.drawing.names import short_names, spread
from voxnas.problems.base import Problem
from voxnas.records.collect import history, rung_order
from voxnas.report.score_axis import score_axis

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_GREY = 200  # curves per panel beside the frontier's; a sample if there are more
MAX_FRONTIER = 60
MAX_RUNGS = 4
ACROSS = 2  # panels in a row, so that words stay readable where the picture is made to fit a page
GREY = "#9AA3AF"


def loss_curves(
    frame: "pd.DataFrame", frontier: Sequence[str], problem: Problem, picks: Sequence[str] = ()
) -> "Figure":
    """Figure of the score per epoch, a panel per rung, the frontier's candidates in colour, the others grey.

    `frame` holds every record; histories are read from the folders it names. `frontier` and `picks` are
    candidates; with more of them than colours, picks have colours and the rest of the frontier is red.
    """
    heading = while_training(problem)
    colours = dict(zip(dict.fromkeys([*picks, *frontier]), style.LINES, strict=False))
    with matplotlib.rc_context(style.RC):
        panels = score_curves(frame, set(frontier), set(colours))
        columns, rows = min(len(panels), ACROSS), -(-len(panels) // ACROSS)
        figure = style.new_figure(5.2 * max(columns, 1.55), 5.0 * max(rows, 1))
        if not panels:
            return style.nothing(figure, heading, "no record of these runs has a history")
        figure.suptitle(heading, **style.SUPTITLE)
        grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
        row = list(grid.flat)[: len(panels)]
        for axes in grid.flat[len(panels) :]:
            axes.remove()
        for axes, (rung, curves) in zip(row, panels.items(), strict=True):
            _panel(axes, rung, curves, set(frontier), colours)
        every = np.concatenate([c[:, 1] for curves in panels.values() for c in curves.values()])
        for axes in grid[:, 0]:
            axes.set_ylabel(style.capital(problem.figure("score").axis))
        score_axis(row[0], every, problem.score)
        others = any(name not in frontier for curves in panels.values() for name in curves)
        _legend(figure, row, list(colours), len(set(frontier) - set(colours)), others)
    return figure


def while_training(problem: Problem) -> str:
    """Heading of the curves."""
    return f"{style.capital(problem.score.title)} while training"


def score_curves(
    frame: "pd.DataFrame", frontier: set[str], coloured: set[str]
) -> dict[str, dict[str, np.ndarray]]:
    """Rung → candidate → `(epochs, 2)` of epoch and score, for the last rungs that have any."""
    panels = {}
    for rung in sorted(set(frame["rung"]), key=rung_order):
        rows = frame[(frame["rung"] == rung) & (frame["folder"] != "")]
        picked, best = rows["candidate"].isin(coloured), rows["candidate"].isin(frontier)
        groups = (
            (rows[picked], len(rows)),
            (rows[best & ~picked], MAX_FRONTIER),
            (rows[~best & ~picked], MAX_GREY),
        )
        chosen = [run for group, limit in groups for run in _sample(group, limit)]
        curves = {name: _curve(Path(folder)) for name, folder in chosen}
        panels[rung] = {name: curve for name, curve in curves.items() if len(curve)}
    return dict([(rung, curves) for rung, curves in panels.items() if curves][-MAX_RUNGS:])


def _sample(rows: "pd.DataFrame", limit: int) -> list[tuple[str, str]]:
    """Names and folders of at most `limit` rows, evenly spread."""
    chosen = spread(len(rows), limit)
    return list(zip(rows["candidate"].iloc[chosen], rows["folder"].iloc[chosen], strict=True))


def _curve(folder: Path) -> np.ndarray:
    """Epoch and score where there is a finite one."""
    steps = [(number, step) for number, step in enumerate(history(folder)) if isinstance(step, dict)]
    pairs = [(step.get("epoch", number), step.get("score")) for number, step in steps]
    kept = [p for p in pairs if isinstance(p[1], int | float) and np.isfinite(p[1])]
    return np.array(kept, dtype=float).reshape(-1, 2)


def _panel(
    axes: "Axes", rung: str, curves: dict[str, np.ndarray], frontier: set[str], colours: dict[str, str]
) -> None:
    from matplotlib.ticker import MaxNLocator

    for name, curve in curves.items():
        mark = "." if len(curve) == 1 else ""  # a single epoch makes no line
        if name in colours:
            axes.plot(*curve.T, color=colours[name], lw=1.9, zorder=4, marker=mark, label=name)
        elif name in frontier:
            axes.plot(*curve.T, color=style.FRONTIER, lw=0.9, alpha=0.4, zorder=3, marker=mark)
        else:
            axes.plot(*curve.T, color=GREY, lw=0.8, alpha=0.5, zorder=2, marker=mark)
    axes.set_title(f"{rung or 'training'}: {len(curves)} shown", fontsize=10.5, weight="normal")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True))
    axes.set_xmargin(0.02)


def _legend(figure: "Figure", row: list["Axes"], names: list[str], rest: int, others: bool) -> None:
    from matplotlib.lines import Line2D

    drawn = {line.get_label(): line for axes in row for line in axes.get_lines()}
    shown = dict(zip(names, short_names(names), strict=True))
    handles = [(drawn[name], shown[name]) for name in names if name in drawn]
    if rest:
        faint = Line2D([], [], color=style.FRONTIER, lw=0.9, alpha=0.5)
        handles.append((faint, f"{rest} more of the frontier"))
    if handles and others:
        handles.append((Line2D([], [], color=GREY, lw=0.8), "others"))
    if handles:
        lines, words = zip(*handles, strict=True)
        figure.legend(lines, words, loc="outside right center", title="frontier", alignment="left")
