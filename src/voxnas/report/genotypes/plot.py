"""The find of a differentiable search as a picture: its cells as graphs, or its row of layers."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
import numpy as np

from voxnas.drawing import style
from voxnas.models.genotype import INPUTS, Cell, CellGenotype, Genotype, WaveNetGenotype
from voxnas.report.genotypes.cell_graph import Points, curve, handles, place

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INPUT_NAMES = ("cell before\nthe last", "last cell")
LABELS = {"skip_connect": "skip", "avg_pool_3": "avg pool 3", "max_pool_3": "max pool 3"}
COLOURS = {"skip_connect": style.FAINT, "avg_pool_3": style.LINES[1], "max_pool_3": style.LINES[4]}
COLOURS |= {"conv_bn_relu_3": style.LINES[3], "conv_bn_relu_5": style.LINES[5]}
COLOURS |= {"conv_bn_relu_7": style.LINES[0], "none": "#D5DAE1"}
ALONG = (0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73, 0.2, 0.8)  # where on its curve a label may be
LABEL_SIZE = (0.62, 0.24)  # in the units of the axes
PER_ROW = 10  # layers


def write_genotype_plot(genotype: Genotype, path: Path) -> Path:
    """Draw a genotype of either kind into a PNG, in one step."""
    style.save(draw_genotype(genotype), path)
    return path


def draw_genotype(genotype: Genotype) -> "Figure":
    """The cells as graphs one below the other, or the layers in the order in which the signal meets them."""
    with matplotlib.rc_context(style.RC):
        if isinstance(genotype, CellGenotype):
            return _draw_cells(genotype)
        return _draw_layers(genotype)


def _draw_cells(genotype: CellGenotype) -> "Figure":
    first, second = genotype.reductions
    titles = {
        "normal": f"Normal cell: {genotype.layers - 2} of {genotype.layers}",
        "reduction": f"Reduction cell: places {first + 1} and {second + 1} of {genotype.layers}",
    }
    graphs = {kind: _graph(getattr(genotype, kind), genotype.fanout_concat) for kind in titles}
    width = max(points[:, 0].max() for _, points in graphs.values())
    heights = [np.ptp(points[:, 1]) + 1.0 for _, points in graphs.values()]
    figure = style.new_figure(max(7.5, 1.7 * width + 1.6), 0.95 * sum(heights) + 1.2)
    channels = f"{genotype.init_channels} channel{'s' if genotype.init_channels > 1 else ''} at first"
    sizes = f"{channels}, dilations {_listed(genotype.dilations)}"
    figure.suptitle(f"Cells found: {sizes}", **style.SUPTITLE)
    grid = figure.add_gridspec(2, 1, height_ratios=heights)
    for row, (kind, heading) in enumerate(titles.items()):
        axes = figure.add_subplot(grid[row])
        axes.set_title(heading, fontsize=11)
        links, points = graphs[kind]
        _draw_cell(axes, getattr(genotype, kind), links, points)
        axes.set_xlim(-0.55, width + 0.5)
    return figure


def _graph(cell: Cell, fanout: int) -> tuple[list[tuple[int, int]], Points]:
    """All links, those to the output last, and where nodes are; the output is the last of them."""
    output = INPUTS + len(cell)
    links = [(edge.source, INPUTS + node) for node, edges in enumerate(cell) for edge in edges]
    links += [(node, output) for node in range(output - fanout, output)]
    return links, place(links, output + 1)


def _draw_cell(axes: "Axes", cell: Cell, links: Sequence[tuple[int, int]], at: Points) -> None:
    axes.set_axis_off()
    axes.set_ylim(at[:, 1].min() - 0.5, at[:, 1].max() + 0.5)
    ops = [edge.op for edges in cell for edge in edges]
    taken = [(x, y) for x, y in at]
    for (source, target), op in zip(links, [*ops, *[None] * (len(links) - len(ops))], strict=True):
        colour = "#C9D0D9" if op is None else COLOURS[op]
        _draw_link(axes, at[source], at[target], colour, dashed=op in (None, "none"))
        if op is not None:
            x, y = _free_place(curve(at[source], at[target], 101), taken)
            taken.append((x, y))
            _draw_label(axes, x, y, LABELS.get(op, op.replace("conv_bn_relu_", "conv ")), colour)
    names = [*INPUT_NAMES, *(str(node) for node in range(len(cell))), "output"]
    for number, (name, (x, y)) in enumerate(zip(names, at, strict=True)):
        inner = INPUTS <= number < INPUTS + len(cell)
        box = {"boxstyle": "circle,pad=0.45" if inner else "round,pad=0.45", "linewidth": 1.2}
        box |= {"facecolor": style.INK if inner else "white", "edgecolor": style.INK}
        axes.text(
            *(x, y, name), ha="center", va="center", bbox=box, zorder=5, fontsize=10 if inner else 8.5,
            color="white" if inner else style.INK, weight="bold" if inner else "normal",
        )  # fmt: skip


def _draw_link(axes: "Axes", start: Points, end: Points, colour: str, dashed: bool) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path as Curve

    path = Curve([start, *handles(start, end), end], [Curve.MOVETO, *[Curve.CURVE4] * 3])
    line = (0, (3, 2)) if dashed else "-"
    axes.add_patch(
        FancyArrowPatch(
            path=path, arrowstyle="-", color=colour, linewidth=1.3 if dashed else 2.0, linestyle=line
        )
    )


def _free_place(points: Points, taken: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The place on a curve whose label covers the fewest of what is there already."""

    def covered(share: float) -> float:
        x, y = points[round(share * (len(points) - 1))]
        near = (
            max(0.0, 1 - abs(x - u) / LABEL_SIZE[0]) * max(0.0, 1 - abs(y - v) / LABEL_SIZE[1])
            for u, v in taken
        )
        return sum(share**2 for share in near)

    x, y = points[round(min(ALONG, key=covered) * (len(points) - 1))]
    return float(x), float(y)


def _draw_label(axes: "Axes", x: float, y: float, text: str, colour: str) -> None:
    box = {"boxstyle": "round,pad=0.22", "facecolor": "white", "edgecolor": colour, "linewidth": 1.0}
    axes.text(x, y, text, ha="center", va="center", fontsize=8, color=style.INK, bbox=box, zorder=4)


def _draw_layers(genotype: WaveNetGenotype) -> "Figure":
    from matplotlib.patches import FancyBboxPatch

    layers = genotype.layers
    across, rows = min(PER_ROW, len(layers)), -(-len(layers) // PER_ROW)
    figure = style.new_figure(max(7.5, 1.12 * across + 0.7), 1.45 * rows + 0.9)
    reach = 1 + sum((layer.kernel_size - 1) * layer.dilation for layer in layers)
    reach += genotype.head_kernel_size - 1
    sizes = f"{len(layers)} layers of {genotype.channels} channels, which look back {reach:,d} samples"
    figure.suptitle(f"WaveNet found: {sizes}", **style.SUPTITLE)
    axes = figure.add_subplot(xlim=(-0.6, across - 0.4), ylim=(0.55 - rows, 0.55))
    axes.set_axis_off()
    activations = sorted({layer.activation for layer in layers})
    for index, layer in enumerate(layers):
        row, x = divmod(index, PER_ROW)
        colour = style.LINES[activations.index(layer.activation) % len(style.LINES)]
        axes.add_patch(
            FancyBboxPatch(
                (x - 0.38, -row - 0.3), 0.76, 0.6, boxstyle="round,pad=0.04,rounding_size=0.06",
                facecolor="white", edgecolor=colour, linewidth=1.8, zorder=3,
            )
        )  # fmt: skip
        spread = f"every {layer.dilation}" if layer.dilation > 1 else "in a row"
        lines = [(f"{layer.kernel_size} taps", 10, style.INK), (spread, 8.5, style.FAINT)]
        lines += [(layer.activation, 8, style.INK), ("× gate" if layer.gated else "", 8, style.INK)]
        for (text, size, ink), height in zip(lines, (0.22, 0.06, -0.1, -0.25), strict=True):
            axes.text(x, height - row, text, ha="center", va="center", fontsize=size, color=ink, zorder=4)
        if index:
            axes.plot([x - 0.58, x - 0.42], [-row, -row], color=style.FAINT, linewidth=1.4, zorder=2)
    return figure


def _listed(values: Sequence[int], most: int = 12) -> str:
    shown = ", ".join(map(str, values[:most]))
    return shown if len(values) <= most else f"{shown}, …"
