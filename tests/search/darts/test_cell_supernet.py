"""The space of cells at once: with certain choices it is the network that they make."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from inheritance import copy_weights

from voxnas.models.cells.net import CellNet
from voxnas.models.cells.operations import Operation
from voxnas.models.cells.sizes import SIZES
from voxnas.models.genotype import INPUTS, PRIMITIVES, Cell, CellGenotype, Edge
from voxnas.search.darts.cells import KINDS, CellSuperNet
from voxnas.search.darts.mixed_cell import COLUMN
from voxnas.utils.errors import InputError


@st.composite
def cells(draw: st.DrawFn, nodes: int) -> Cell:
    """Any edges from distinct sources, none among them."""
    return tuple(
        tuple(
            Edge(draw(st.sampled_from(PRIMITIVES)), source)
            for source in draw(st.sets(st.integers(0, INPUTS + node - 1), min_size=1, max_size=3))
        )
        for node in range(nodes)
    )


@st.composite
def genotypes(draw: st.DrawFn) -> CellGenotype:
    nodes = draw(st.integers(1, 4))
    return CellGenotype(
        draw(cells(nodes)),
        draw(cells(nodes)),
        tuple(draw(st.lists(st.integers(1, 5), min_size=3, max_size=5))),
        init_channels=draw(st.integers(1, 3)),
        channel_multiplier=draw(st.integers(1, 3)),
        fanout_concat=draw(st.integers(1, nodes)),
    )


def supernet_of(genotype: CellGenotype) -> CellSuperNet:
    sizes = (genotype.init_channels, genotype.channel_multiplier, genotype.fanout_concat)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        supernet = CellSuperNet(genotype.dilations, len(genotype.normal), *sizes).double()
        for name, buffer in supernet.named_buffers():  # batch norm that has seen something
            if name.endswith(("mean", "variance")):
                buffer.uniform_(*((-0.3, 0.0) if name.endswith("mean") else (0.2, 0.5)))
        for name, parameter in supernet.named_parameters():
            if name.endswith("bias"):
                torch.nn.init.normal_(parameter)
    return supernet.eval()


def noise(samples: int, batch: int = 2) -> torch.Tensor:
    generator = torch.Generator().manual_seed(2)
    return torch.randn(batch, 1, samples, generator=generator, dtype=torch.float64)


def parameters(operation: Operation) -> float:
    return operation.parameters


def macs(operation: Operation) -> float:
    return operation.macs


@settings(max_examples=40)
@given(genotypes())
@torch.no_grad()
def test_with_certain_choices_it_costs_and_computes_what_the_network_does(genotype: CellGenotype):
    supernet, network = supernet_of(genotype), CellNet(genotype).double().eval()
    supernet.set_one_hot(genotype)
    assert float(supernet.expected_cost(parameters)) == network.num_parameters
    assert float(supernet.expected_cost(macs)) == network.macs_per_sample
    assert supernet.receptive_field >= network.receptive_field
    assert supernet.delay_samples == network.delay_samples == 0
    copy_weights(supernet, network)
    x = noise(supernet.receptive_field + 40)
    expected = network(x[..., supernet.receptive_field - network.receptive_field :])
    torch.testing.assert_close(supernet(x), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("size", SIZES)
@torch.no_grad()
def test_every_size_has_its_figures(size: str):
    supernet = CellSuperNet.of(SIZES[size])
    genotype = supernet.genotype()
    given_size = SIZES[size]
    assert (genotype.layers, len(genotype.normal)) == (given_size.layers, given_size.nodes)
    assert (genotype.init_channels, genotype.channel_multiplier) == (given_size.init_channels, 3)
    assert 1300 < supernet.receptive_field < 4000  # 27 to 83 ms at 48 kHz
    network = CellNet(genotype)
    supernet.set_one_hot(genotype)
    assert float(supernet.expected_cost(parameters)) == network.num_parameters
    assert float(supernet.expected_cost(macs)) == network.macs_per_sample


def small(**sizes: Any) -> CellSuperNet:
    return CellSuperNet((1, 2, 1), **({"nodes": 2, "init_channels": 1, "fanout_concat": 2} | sizes))


def test_each_row_of_choices_matters_to_the_output_and_to_the_cost():
    supernet = small().double()
    x = noise(supernet.receptive_field + 63, batch=8)
    for value in (supernet(x).square().mean(), supernet.expected_cost(parameters)):
        gradients = torch.autograd.grad(value, supernet.alphas())
        assert all(bool((gradient.abs().amax(dim=1) > 0).all()) for gradient in gradients)


def test_gradients_reach_all_weights():
    supernet = small().double()
    supernet(noise(supernet.receptive_field + 200, batch=8)).square().mean().backward()
    assert all(weight.grad is not None and bool(weight.grad.any()) for weight in supernet.weights())


def test_the_expected_cost_lies_between_those_of_the_networks_within():
    supernet = small()
    with torch.no_grad():
        for alphas in supernet.alphas():
            alphas.zero_()
    cost = supernet.expected_cost(macs).item()
    extremes = []
    for op in ("skip_connect", "conv_bn_relu_7"):
        cell = tuple(tuple(Edge(op, source) for source in range(INPUTS + node)) for node in range(2))
        extremes.append(CellNet(CellGenotype(cell, cell, (1, 2, 1), 1, 3, 2)).macs_per_sample)
    assert extremes[0] < cost < extremes[1]


def test_the_genotype_is_the_two_strongest_edges_of_each_node_and_never_none():
    supernet = small(nodes=3)
    for kind in KINDS:
        logits = supernet.choices[kind].logits
        with torch.no_grad():
            logits.zero_()
            logits[:, COLUMN["none"]] = 9.0
            for row, op, value in (
                *((0, "avg_pool_3", 1.0), (1, "conv_bn_relu_5", 2.0)),  # node 0
                *((2, "skip_connect", 3.0), (3, "max_pool_3", 1.0), (4, "conv_bn_relu_7", 2.0)),  # node 1
                *((5, "max_pool_3", 1.0), (7, "conv_bn_relu_3", 2.0), (8, "conv_bn_relu_5", 3.0)),  # node 2
            ):
                logits[row, COLUMN[op]] = value
    expected = (
        (Edge("avg_pool_3", 0), Edge("conv_bn_relu_5", 1)),
        (Edge("skip_connect", 0), Edge("conv_bn_relu_7", 2)),
        (Edge("conv_bn_relu_3", 2), Edge("conv_bn_relu_5", 3)),
    )
    assert supernet.genotype().normal == supernet.genotype().reduction == expected
    supernet.set_one_hot(supernet.genotype())
    assert supernet.genotype().normal == expected


def test_skips_are_left_out_of_training_steps_alone():
    supernet = small().double()
    x = noise(supernet.receptive_field + 63)
    supernet.skip_dropout = 1 - 1e-9
    cell = tuple(tuple(Edge("skip_connect", source) for source in range(INPUTS + node)) for node in range(2))
    supernet.set_one_hot(CellGenotype(cell, cell, (1, 2, 1), 1, 3, 2))
    with torch.no_grad():
        silent = supernet.train()(x)
        mixes = [cell.mix for cell in supernet.cells.values()]
        assert all(float(mix.abs().max()) == 0 for mix in mixes)
        assert not torch.allclose(silent, supernet.eval()(x))
    assert all(float(cell.mix[:, COLUMN["skip_connect"]].min()) == 1 for cell in supernet.cells.values())


def test_dropout_leaves_the_mean_as_it_is():
    supernet = small()
    supernet.skip_dropout = 0.3
    with torch.random.fork_rng():
        torch.manual_seed(0)
        mean = torch.stack([supernet._mix("normal") for _ in range(4000)]).mean(0)
    expected = supernet.choices["normal"].probabilities()
    torch.testing.assert_close(mean, expected, rtol=0.06, atol=0)


def test_batches_choose_alike_in_checkpoints():
    supernet, other = small(), small()
    other.load_state_dict(supernet.state_dict())
    assert other.genotype() == supernet.genotype()
    x = noise(supernet.receptive_field + 15).float()
    torch.testing.assert_close(other.eval()(x), supernet.eval()(x), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"fanout_concat": 3}, "larger than the 2 nodes"),
        ({"init_channels": 0}, "whole numbers from 1"),
        ({"nodes": 0}, "at least one"),
    ],
)
def test_sizes_that_cannot_be_are_refused(sizes: dict, message: str):
    with pytest.raises(InputError, match=message):
        small(**sizes)


def test_fewer_than_three_layers_are_refused():
    with pytest.raises(InputError, match="layers are 3 or more"):
        CellSuperNet((1, 2))


def test_a_genotype_of_other_sizes_or_with_a_source_twice_is_refused():
    cell = ((Edge("skip_connect", 0), Edge("max_pool_3", 0)), (Edge("none", 1),))
    with pytest.raises(InputError, match="not of the sizes"):
        small().set_one_hot(CellGenotype(cell, cell, (1, 2, 2), 1, 3, 2))
    with pytest.raises(InputError, match="node 0 takes from source 0 twice"):
        small().set_one_hot(CellGenotype(cell, cell, (1, 2, 1), 1, 3, 2))
