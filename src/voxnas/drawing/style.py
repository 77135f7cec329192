"""The looks of every plot, in one place."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voxnas.utils.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure


FRONTIER = "#D1202F"  # red stars; everything else differs from them in shape as well as in colour
INK, FAINT = "#2B2F36", "#8A93A0"
RUNGS = ["#B9C4D3", "#7FA3CC", "#3E73A8", "#1F4468"]  # dots, from the first rung to the last
LINES = ["#D1202F", "#0072B2", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#5B3A8C"]  # after Okabe and Ito
DPI = 150
LOG_FROM = 5  # an axis is logarithmic if its largest value is this many times its smallest

RC: Any = {  # Matplotlib's settings
    "font.size": 10,
    "axes.titlesize": 12.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#E7EAEE",
    "grid.linewidth": 0.8,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "figure.facecolor": "white",
    "text.parse_math": False,  # a candidate's name may hold any sign
}

SUPTITLE: Any = {"x": 0.01, "ha": "left", "fontsize": 12.5, "weight": "bold"}


def new_figure(width: float = 8.0, height: float = 5.4) -> "Figure":
    """Empty figure, in inches; it needs no display and leaves no global state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.1)  # inches
    figure = Figure(figsize=(width, height), dpi=DPI, layout=layout)
    FigureCanvasAgg(figure)
    return figure


def save(figure: "Figure", path: Path) -> None:
    """Write a PNG in one step."""
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi="figure")


def nothing(figure: "Figure", heading: str, reason: str) -> "Figure":
    """Figure that says why there is nothing to see."""
    figure.suptitle(heading, **SUPTITLE)
    figure.text(0.5, 0.5, f"nothing to show: {reason}", ha="center", color=FAINT)
    return figure


def capital(words: str) -> str:
    """Words that begin with a capital, the rest as it is."""
    return words[:1].upper() + words[1:]


def is_wide(values: np.ndarray) -> bool:
    """Whether values ask for a logarithmic axis."""
    return bool(len(values) and values.min() > 0 and values.max() >= LOG_FROM * values.min())


def scale(axes: "Axes", axis: str, values: np.ndarray) -> None:
    """Make an axis logarithmic where its range asks for it, with plain numbers and room to breathe."""
    getattr(axes, f"set_{axis}margin")(0.08)
    if is_wide(values):
        getattr(axes, f"set_{axis}scale")("log")
        plain_ticks(getattr(axes, f"{axis}axis"), decades=float(np.log10(values.max() / values.min())))
    else:
        from matplotlib.ticker import FuncFormatter

        getattr(axes, f"{axis}axis").set_major_formatter(FuncFormatter(lambda value, _: tick(value)))


def plain_ticks(axis: "Axis", decades: float) -> None:
    """Ticks of a logarithmic axis at 1, 2, 5, 10, 20, …; over many decades at powers of ten alone."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    steps = (1.0, 2.0, 5.0) if decades < 3 else (1.0,)
    axis.set_major_locator(LogLocator(subs=steps, numticks=20))
    axis.set_major_formatter(FuncFormatter(lambda value, _: tick(value)))
    axis.set_minor_formatter(NullFormatter())


def tick(value: float) -> str:
    """Number of a tick, short: `0.002`, `5`, `20k`."""
    if abs(value) >= 1e6:
        return f"{value / 1e6:g}M"
    return f"{value / 1e3:g}k" if abs(value) >= 1e4 else f"{value:.6g}"


def as_image(figure: "Figure") -> np.ndarray:
    """Pixels of a figure, `(height, width, 3)`, 8 bits each."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
