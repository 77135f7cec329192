"""Labels beside points that cover neither each other nor, where it can be helped, other points."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Box = tuple[float, float, float, float]  # left, bottom, right, top, in pixels

DISTANCES = (9, 18, 30, 46)  # points between a mark and its label
DIRECTIONS = [(1, 0.6), (1, -0.6), (-1, 0.6), (-1, -0.6), (0, 1), (0, -1), (1, 0), (-1, 0)]
LEADER_FROM = 18  # a label this far away gets a line to its mark
KEEP_OFF = 5  # points between a label and other marks
FONT: Any = {"fontsize": 8, "linespacing": 1.15}


def place(
    axes: "Axes",
    pixels: np.ndarray,
    texts: Sequence[str],
    colours: Sequence[str],
    marks: np.ndarray,
    blocked: Sequence[Box] = (),
) -> int:
    """Label points at `pixels` `(n, 2)`, the first the most important, and return how many found room.

    Labels keep out of `blocked`, and off `marks` `(k, 2)` where they can. Greedy: each takes the nearest free
    place; one that finds none within the axes is left out. The figure's layout must be final.
    """
    figure = _figure(axes)
    unit = figure.dpi / 72
    left, bottom, right, top = axes.get_window_extent().extents
    taken = list(blocked)
    for point, words, colour in zip(pixels, texts, colours, strict=True):
        spots = _spots(point, _size(figure, words), unit)
        free = [
            (distance / 10 + _covered(box, marks, KEEP_OFF * unit), box, distance)
            for distance, box in spots
            if box[0] > left and box[1] > bottom and box[2] < right and box[3] < top
            if not any(_overlap(box, other) for other in taken)
        ]
        if free:
            _, box, distance = min(free, key=lambda spot: spot[0])
            taken.append(box)
            _write(axes, point, words, colour, box, leader=distance >= LEADER_FROM)
    return len(taken) - len(blocked)


def _figure(axes: "Axes") -> Any:
    return axes.get_figure(root=True)


def _size(figure: Any, words: str) -> tuple[float, float]:
    probe = figure.text(0, 0, words, **FONT)
    extent = probe.get_window_extent()
    probe.remove()
    return extent.width, extent.height


def _spots(point: np.ndarray, size: tuple[float, float], unit: float) -> list[tuple[int, Box]]:
    """The places of a label: its distance and its box, the nearest first."""
    spots = []
    for distance in DISTANCES:
        for direction in DIRECTIONS:
            shift = [0.0 if d > 0 else -s if d < 0 else -s / 2 for d, s in zip(direction, size, strict=True)]
            x, y = (p + distance * unit * d + s for p, d, s in zip(point, direction, shift, strict=True))
            spots.append((distance, (x, y, x + size[0], y + size[1])))
    return spots


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _covered(box: Box, marks: np.ndarray, margin: float) -> int:
    low, high = np.array(box[:2]) - margin, np.array(box[2:]) + margin
    return int(((marks > low) & (marks < high)).all(axis=1).sum())


def _write(axes: "Axes", point: np.ndarray, words: str, colour: str, box: Box, leader: bool) -> None:
    from matplotlib.patheffects import withStroke

    to_figure = _figure(axes).transFigure.inverted().transform  # holds at any resolution
    line = {"arrowstyle": "-", "color": colour, "linewidth": 0.6, "alpha": 0.6, "shrinkA": 0, "shrinkB": 4}
    axes.annotate(
        words,
        xy=tuple(to_figure(point)),
        xytext=tuple(to_figure(box[:2])),
        xycoords="figure fraction",
        textcoords="figure fraction",
        color=colour,
        ha="left",
        va="bottom",
        arrowprops=line if leader else None,
        annotation_clip=False,
        path_effects=[withStroke(linewidth=2, foreground="white")],
        zorder=6,
        **FONT,
    )
