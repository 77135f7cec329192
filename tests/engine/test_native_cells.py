"""Networks of cells play in native code as PyTorch computes them."""

import random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import assert_plays_exactly, block_sizes

from voxnas.kernels.build import Unavailable, load
from voxnas.models.cells.net import CellNet
from voxnas.models.cells.sizes import SIZES, default_dilations
from voxnas.models.genotype import INPUTS, PRIMITIVES, Cell, CellGenotype, Edge

try:
    load("graph_stream.cpp")
except Unavailable as reason:
    pytest.skip(str(reason), allow_module_level=True)


def network(nodes: int, dilations: tuple[int, ...], channels: int, fanout: int, seed: int) -> CellNet:
    """Random cells and weights, and batch norm that has seen something."""
    draw = random.Random(seed)

    def cell() -> Cell:
        return tuple(
            tuple(Edge(draw.choice(PRIMITIVES), source) for source in draw.sample(range(INPUTS + i), 2))
            for i in range(nodes)
        )

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = CellNet(CellGenotype(cell(), cell(), dilations, channels, fanout_concat=fanout))
        net.train()(torch.randn(2, 1, net.receptive_field + 500))
    return net.eval()


@settings(max_examples=10, deadline=None)
@given(
    layers=st.integers(3, 8),
    channels=st.integers(1, 5),
    shape=st.sampled_from([(2, 1), (4, 4), (6, 3)]),
    sizes=block_sizes,
    seed=st.integers(0, 2**31),
)
def test_blocks_of_any_sizes_join_into_one_pass(layers, channels, shape, sizes, seed):
    nodes, fanout = shape
    assert_plays_exactly(network(nodes, default_dilations(layers), channels, fanout, seed), sizes)


@pytest.mark.parametrize("name", ["s", "m", "l"])
def test_each_size(name: str):
    size = SIZES[name]
    net = network(size.nodes, default_dilations(size.layers), size.init_channels, size.fanout_concat, 1)
    assert_plays_exactly(net, [64] * 4 + [1, 33])
