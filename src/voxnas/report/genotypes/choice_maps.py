"""Heat maps of the choices of a differentiable search."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from voxnas.drawing.style import INK, RC, SUPTITLE, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = "Blues"
MOST_LABELS = 40  # on an axis; beyond that every other, every third, …


def latest_map(
    name: str, rows: Sequence[str], options: Sequence[str], probabilities: NDArray[np.float32]
) -> "Figure":
    """A table as it is now: `(rows, options)`, each field with its percentage."""
    import matplotlib as mpl

    with mpl.rc_context(RC):
        figure = new_figure(2.6 + 0.75 * len(options), 1.6 + 0.3 * len(rows))
        axes = figure.add_subplot()
        axes.imshow(probabilities, cmap=COLOURS, vmin=0, vmax=1, aspect="auto")
        _plain(axes)
        _label(axes, "y", rows)
        _label(axes, "x", options)
        for row, option in np.ndindex(probabilities.shape) if len(rows) <= MOST_LABELS else ():
            share = float(probabilities[row, option])
            colour = "white" if share > 0.6 else INK
            axes.text(option, row, f"{100 * share:.0f}", ha="center", va="center", fontsize=8, color=colour)
        figure.suptitle(f"{name}: probability (%)", **SUPTITLE)
    return figure


def over_time(
    name: str, rows: Sequence[str], options: Sequence[str], probabilities: NDArray[np.float32]
) -> "Figure":
    """The history of a table: `(epochs, rows, options)`, a line per row and option, a column per epoch."""
    import matplotlib as mpl

    epochs, lines = len(probabilities), len(rows) * len(options)
    with mpl.rc_context(RC):
        figure = new_figure(8.0, min(14.0, 1.6 + 0.16 * lines))
        axes = figure.add_subplot()
        axes.imshow(
            probabilities.reshape(epochs, lines).T, cmap=COLOURS, vmin=0, vmax=1, aspect="auto",
            extent=(0.5, epochs + 0.5, lines - 0.5, -0.5), interpolation="nearest",
        )  # fmt: skip
        _plain(axes)
        for row in range(1, len(rows)):
            axes.axhline(row * len(options) - 0.5, color="white", linewidth=2)
        _label(axes, "y", [f"{row}  {option}" for row in rows for option in options], size=7)
        axes.set_xlabel("epoch")
        figure.suptitle(f"{name}: probability over the epochs", **SUPTITLE)
    return figure


def _plain(axes: "Axes") -> None:
    axes.grid(False)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _label(axes: "Axes", which: str, names: Sequence[str], size: float = 9) -> None:
    step = -(-len(names) // MOST_LABELS)
    axis = axes.yaxis if which == "y" else axes.xaxis
    axis.set_ticks(range(0, len(names), step), names[::step], fontsize=size)
