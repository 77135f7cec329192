"""The picture of a genotype shows every edge and every layer, and can be read."""

import itertools
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voxnas.models.genotype import INPUTS, PRIMITIVES, CellGenotype, Edge, LayerChoice, WaveNetGenotype
from voxnas.report.genotypes.cell_graph import Link, columns, curve, place
from voxnas.report.genotypes.plot import draw_genotype, write_genotype_plot

LAYERS = tuple(LayerChoice(3, 2**n, "Tanh" if n % 3 else "LeakyHardtanh", n % 2 == 0) for n in range(12))


def cell(nodes: int, seed: int) -> tuple[tuple[Edge, ...], ...]:
    random = np.random.default_rng(seed)
    return tuple(
        tuple(
            Edge(str(random.choice(PRIMITIVES[1:])), int(source))
            for source in random.choice(INPUTS + node, 2, replace=False)
        )
        for node in range(nodes)
    )


def cells(nodes: int, seed: int = 0) -> CellGenotype:
    return CellGenotype(cell(nodes, seed), cell(nodes, seed + 1), (1, 2, 4), 4, fanout_concat=min(4, nodes))


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, list[Link]]:
    nodes = draw(st.integers(3, 9))
    pairs = st.tuples(st.integers(0, nodes - 1), st.integers(2, nodes - 1)).filter(lambda p: p[0] < p[1])
    return nodes, sorted(draw(st.sets(pairs, min_size=1, max_size=14)))


@settings(max_examples=20)
@given(graphs())
def test_edges_lead_to_the_right_and_nodes_keep_apart(graph: tuple[int, list[Link]]):
    nodes, links = graph
    at = place(links, nodes)
    assert all(at[target, 0] > at[source, 0] for source, target in links)
    assert list(at[:, 0]) == columns(links, nodes)
    same = [np.hypot(*(at[a] - at[b])) for a, b in itertools.combinations(range(nodes), 2)]
    crowded = np.bincount(columns(links, nodes)).max() > 4  # more than there are heights to keep apart
    assert min(same) >= 0.9 or crowded
    np.testing.assert_array_equal(at, place(links, nodes))


def test_curves_go_from_node_to_node():
    start, end = np.array([0.0, 1.0]), np.array([3.0, -1.0])
    points = curve(start, end)
    np.testing.assert_allclose(points[[0, -1]], [start, end])
    assert (np.diff(points[:, 0]) > 0).all()


@pytest.mark.parametrize("nodes", [1, 4, 6])
def test_every_edge_has_its_label_and_no_label_hides_a_node_or_another(nodes: int):
    genotype = cells(nodes)
    figure = draw_genotype(genotype)
    figure.draw_without_rendering()
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "Normal cell: 1 of 3",
        "Reduction cell: places 2 and 3 of 3",
    ]
    for axes, edges in zip(figure.axes, (genotype.normal, genotype.reduction), strict=True):
        texts = [text.get_text() for text in axes.texts]
        ops = [edge.op for node in edges for edge in node]
        shown = [text for text in texts if text.split()[0] in ("skip", "conv", "avg", "max")]
        assert len(shown) == len(ops) == 2 * nodes
        short = [op.replace("conv_bn_relu", "conv").replace("skip_connect", "skip") for op in ops]
        assert sorted(shown) == sorted(op.replace("_", " ") for op in short)
        boxes = [text.get_window_extent() for text in axes.texts]
        assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
        assert all(figure.bbox.fully_contains(*corner) for box in boxes for corner in box.get_points())


def test_a_wavenet_is_its_row_of_layers():
    (axes,) = draw_genotype(WaveNetGenotype(8, LAYERS)).axes
    texts = [text.get_text() for text in axes.texts if text.get_text()]
    assert [text for text in texts if text.endswith("taps")] == ["3 taps"] * 12
    spread = [text for text in texts if text.startswith(("every", "in a row"))]
    assert spread == ["in a row", *(f"every {2**n}" for n in range(1, 12))]
    assert texts.count("× gate") == 6
    assert (texts.count("Tanh"), texts.count("LeakyHardtanh")) == (8, 4)


@pytest.mark.parametrize("genotype", [cells(4), WaveNetGenotype(2, LAYERS[:1])])
def test_the_file_is_a_picture(genotype, tmp_path: Path):
    path = write_genotype_plot(genotype, tmp_path / "study" / "genotype.png")
    pixels = matplotlib.image.imread(path)
    assert pixels.shape[0] > 200
    assert pixels.shape[1] > 600
    assert pixels.std() > 0.01
