"""What benchmarks/presets.py found: a table, and a picture of ESR against cost."""

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table

from voxnas.drawing import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIDES = ("preset", "found")
FIGURES = {"score": "validation ESR", "test_esr": "test ESR"}
Row = Mapping[str, Any]


def table(rows: Sequence[Row], seconds: float) -> Table:
    """Means and standard deviations over the seeds, and the ratio of the means."""
    found = Table(title=f"Found within each preset's cost; all trained from scratch for {seconds:.0f} s")
    found.add_column("pair", max_width=12, no_wrap=True)
    for column in ("preset", "RTF", "found", "RTF"):
        found.add_column(column, justify="right", no_wrap=True)
    for figure in FIGURES.values():
        for column in (f"1e-5 {figure}", "of the found", "ratio"):
            found.add_column(column, justify="right")
    for row in rows:
        cost = {side: f"{row['rtf'][side]:.4f}" for side in SIDES}
        name = row["architecture"]["name"].removeprefix("wavenet-").rsplit("-", 1)[0]
        esr = [cell for figure in FIGURES for cell in (*_means(row[figure]), f"{row[f'{figure}_ratio']:.2f}")]
        found.add_row(row["pair"], row["preset"], cost["preset"], name, cost["found"], *esr)
    return found


def _means(values: Mapping[str, Sequence[float]]) -> list[str]:
    return [
        f"{1e5 * statistics.mean(values[s]):.1f} ± {1e5 * statistics.stdev(values[s]):.1f}" for s in SIDES
    ]


def plot(rows: Sequence[Row], path: Path) -> None:
    """Test ESR against cost, each seed a mark: from each preset an arrow to what was found."""
    import matplotlib

    with matplotlib.rc_context(style.RC):
        figure = style.new_figure(11.0, 5.0)
        pairs = list(dict.fromkeys(row["pair"] for row in rows))
        panels = figure.subplots(1, len(pairs), squeeze=False)[0]
        for axes, pair in zip(panels, pairs, strict=True):
            _panel(axes, [row for row in rows if row["pair"] == pair])
            axes.set_title(pair, fontsize=10.5, weight="normal")
        panels[0].set_ylabel(f"test ESR, {len(rows[0]['test_esr']['found'])} seeds")
        style.save(figure, path)


def _panel(axes: "Axes", rows: Sequence[Row]) -> None:
    for row in rows:
        at = {side: (row["rtf"][side], statistics.mean(row["test_esr"][side])) for side in SIDES}
        for side, colour, mark, size in (("preset", style.INK, "o", 5), ("found", style.FRONTIER, "*", 9)):
            values = row["test_esr"][side]
            axes.plot([at[side][0]] * len(values), values, mark, color=colour, ms=size, alpha=0.45)
        axes.annotate("", at["found"], at["preset"], arrowprops={"arrowstyle": "->", "color": style.FAINT})
        axes.annotate(row["preset"], at["preset"], (7, 4), textcoords="offset points", fontsize=8)
    style.scale(axes, "x", np.array([row["rtf"][side] for row in rows for side in SIDES]))
    style.scale(axes, "y", np.array([esr for row in rows for side in SIDES for esr in row["test_esr"][side]]))
    axes.set_xlabel("CPU real-time factor, blocks of 64")
