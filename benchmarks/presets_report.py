"""What benchmarks/presets.py found: a table, and a picture of ESR against cost."""

import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table

from voxnas.drawing import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FIGURES = {"score": "validation ESR", "test_esr": "test ESR"}
Row = Mapping[str, Any]


def best_preset(row: Row) -> str:
    """The preset with the lowest mean validation ESR of those within the budget."""
    means = {side: statistics.fmean(values) for side, values in row["score"].items() if side != "found"}
    return min(means, key=lambda side: means[side])


def ratio(row: Row, figure: str, preset: str) -> float:
    """Mean ESR of what was found over the preset's."""
    return statistics.fmean(row[figure]["found"]) / statistics.fmean(row[figure][preset])


def table(rows: Sequence[Row], epochs: int) -> Table:
    """Means and standard deviations over the seeds, and the ratio to the best preset within the budget."""
    shown = Table(title=f"Found within each budget; all trained from scratch for {epochs} epochs")
    shown.add_column("pair", no_wrap=True)
    for column in ("budget", "model", "cost"):
        shown.add_column(column, justify="right", no_wrap=True)
    for figure in FIGURES.values():
        for column in (figure, "ratio"):
            shown.add_column(column, justify="right", no_wrap=True)
    for row in rows:
        best = best_preset(row)
        for side in row["score"]:
            name = row["found"].removeprefix("wavenet-").rsplit("-", 1)[0] if side == "found" else side
            cells = [row["pair"], row["budget"], name, f"{row['rtf'][side]:.4f}"]
            for figure in FIGURES:
                beside = f"{ratio(row, figure, best):.2f}" if side == "found" else ""
                cells += [_mean(row[figure][side]), beside]
            shown.add_row(*cells, end_section=side == list(row["score"])[-1])
    means = [geometric_mean(rows, figure) for figure in FIGURES]
    shown.add_row("geometric mean", "", "", "", "", f"{means[0]:.2f}", "", f"{means[1]:.2f}")
    return shown


def geometric_mean(rows: Sequence[Row], figure: str) -> float:
    """The ratios' to the best preset of each row."""
    return math.exp(statistics.fmean(math.log(ratio(row, figure, best_preset(row))) for row in rows))


def _mean(values: Sequence[float]) -> str:
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.fmean(values):.5f} ± {deviation:.5f}"


def plot(rows: Sequence[Row], path: Path) -> None:
    """Test ESR against cost, each seed a mark: what was found beside the presets within its budget."""
    import matplotlib

    with matplotlib.rc_context(style.RC):
        pairs = list(dict.fromkeys(row["pair"] for row in rows))
        columns = min(3, len(pairs))
        lines = math.ceil(len(pairs) / columns)
        figure = style.new_figure(11.0, 4.0 * lines)
        panels = figure.subplots(lines, columns, squeeze=False).ravel()
        for axes, pair in zip(panels, pairs, strict=False):
            _panel(axes, [row for row in rows if row["pair"] == pair])
            axes.set_title(pair, fontsize=10.5, weight="normal")
        for axes in panels[len(pairs) :]:
            axes.set_visible(False)
        panels[0].set_ylabel(f"test ESR, {len(rows[0]['test_esr']['found'])} seeds")
        style.save(figure, path)


def _panel(axes: "Axes", rows: Sequence[Row]) -> None:
    for row in rows:
        for side, values in row["test_esr"].items():
            colour, mark, size = (style.FRONTIER, "*", 9) if side == "found" else (style.INK, "o", 5)
            axes.plot([row["rtf"][side]] * len(values), values, mark, color=colour, ms=size, alpha=0.45)
            at = (row["rtf"][side], statistics.fmean(values))
            axes.annotate(side, at, (7, 4), textcoords="offset points", fontsize=8)
    style.scale(axes, "x", np.array([cost for row in rows for cost in row["rtf"].values()]))
    style.scale(axes, "y", np.array([esr for row in rows for v in row["test_esr"].values() for esr in v]))
    axes.set_xlabel("cost in the plug-in, blocks of 64")
