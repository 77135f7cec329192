"""Networks of cells: how they are stacked, what they cost, how late they are, what training makes of them."""

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from step_reference import play_steps

from voxnas.engine.torch_engine import TorchEngine
from voxnas.export.files import CannotHold
from voxnas.export.formats import FORMATS
from voxnas.models.cells import net
from voxnas.models.cells.layout import Part
from voxnas.models.cells.net import CellNet
from voxnas.models.cells.offline import Offline
from voxnas.models.cells.operations import Operation, Unit, reduction
from voxnas.models.cells.reach import delay_samples, receptive_field
from voxnas.models.cells.sizes import REACH, SIZES, default_dilations, rates
from voxnas.models.genotype import CellGenotype, Edge, LayerChoice, WaveNetGenotype, as_values
from voxnas.utils.errors import InputError

NORMAL = (
    (Edge("conv_bn_relu_3", 0), Edge("conv_bn_relu_5", 1)),
    (Edge("skip_connect", 0), Edge("max_pool_3", 2)),
)
REDUCTION = (
    (Edge("skip_connect", 0), Edge("conv_bn_relu_7", 1)),
    (Edge("avg_pool_3", 1), Edge("conv_bn_relu_3", 2)),
)
SMALL = CellGenotype(NORMAL, REDUCTION, (1, 2, 3), init_channels=2, fanout_concat=2)


def network_of(genotype: CellGenotype = SMALL, seed: int = 0) -> CellNet:
    """With batch norm that has seen something."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = CellNet(genotype)
        for unit in network.units.values():
            assert isinstance(unit, Unit)
            torch.nn.init.normal_(unit.bias, std=0.1)
            if unit.operation.norm:
                unit.mean.normal_(0, 0.1), unit.variance.uniform_(0.3, 1)
                torch.nn.init.uniform_(unit.scale, 0.5, 1.5)
    return network.eval()


def noise(samples: int, batch: int = 1) -> torch.Tensor:
    return torch.randn(batch, 1, samples, generator=torch.Generator().manual_seed(1))


def test_parameters_and_multiply_adds_are_those_counted_by_hand():
    network = network_of()
    stem = 6 * 7, 6 * 7  # weights, multiply-adds per sample of the input
    normal = (
        2 * 6 * 2 + 2 * 2 * (3 + 5),  # two inputs of 6 channels brought to 2, two convolutions
        2 * 6 * 2 + 2 * 2 * (3 + 5),
    )
    # 4 channels at half the rate, strided: the stem is brought to 4, the last cell has as many
    first = 6 * 4 + 4 * 4 * (2 + 7 + 3), 6 * 4 + 4 * 4 * (2 + 7 + 3) / 2
    # 8 channels at a quarter: the cell before the last, of 4, has twice the rate; the last one has 8
    second = 2 * 4 * 8 + 8 * 8 * (2 + 7 + 3), 2 * 4 * 8 / 2 + 8 * 8 * (2 + 7 + 3) / 4
    # two taps for each of two phases; then what came up (12, 6) and the cell's output there (8, 4)
    up = 2 * 2 * 16 * 12 + (12 + 8) * 12, (2 * 16 * 12 + (12 + 8) * 12) / 2
    top = 2 * 2 * 12 * 6 + (6 + 4) * 6, 2 * 12 * 6 + (6 + 4) * 6
    head = 6 + 6, 6 + 6
    weights, macs = (sum(part[i] for part in (stem, normal, first, second, up, top, head)) for i in (0, 1))
    norms = 2 * (6 + (2 + 2) * 2 + (1 + 3) * 4 + (1 + 3) * 8 + 12 + 6)
    biases = 12 + 6 + 1
    assert network.num_parameters == weights + norms + biases
    assert network.macs_per_sample == macs


@pytest.mark.parametrize(("joined", "late"), [(True, 0), (False, 3)])
def test_what_joins_the_full_rate_is_in_time_and_what_does_not_is_late(joined: bool, late: int):
    parts = list(CellNet(SMALL).parts)
    if not joined:  # the way back alone: the input at a quarter of the rate, and up again
        down = [reduction("down", 1, 1, 2), reduction("down", 1, 1, 4)]
        up = [Operation("up", "upsample", 1, 1, rate, 2) for rate in (2, 1)]
        parts = [Part(f"part{n}", operation, (n,)) for n, operation in enumerate([*down, *up])]
    assert delay_samples(parts) == late
    x = noise(receptive_field(parts) + 40, batch=16).requires_grad_()
    units = {p.name: Unit(p.operation).eval() for p in parts if p.operation.has_weights}
    newest = []
    for output in Offline(parts)(x, units)[:, 0, :8].T:
        (gradient,) = torch.autograd.grad(output.sum(), x, retain_graph=True)
        newest.append(int(gradient.abs().amax(dim=(0, 1)).nonzero().max()))
    ages = [receptive_field(parts) - 1 + at - seen for at, seen in enumerate(newest)]
    assert ages == ([0] * 8 if joined else [0, 1, 2, 3] * 2)


@pytest.mark.parametrize("block", [1, 3, 64])
def test_its_steps_play_what_it_computes(block: int):
    network, samples = network_of(), 150
    settle = 4 * network.receptive_field
    x = np.concatenate([np.zeros(settle, np.float32), noise(samples)[0, 0].numpy()])
    expected = play_steps(network.program(), x)[settle:]
    engine = TorchEngine(network)
    played = np.concatenate(
        [engine.process(part) for part in np.split(x[settle:], range(block, samples, block))]
    )
    np.testing.assert_allclose(played, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    padded = torch.from_numpy(x[settle - network.receptive_field + 1 :])[None, None]
    with torch.no_grad():
        offline = network(padded)[0, 0].numpy()
    np.testing.assert_allclose(offline, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_parts_that_lead_nowhere_are_left_out():
    last = (Edge("conv_bn_relu_3", 1), Edge("skip_connect", 1))  # the nodes before it feed nothing
    genotype = replace(SMALL, normal=(NORMAL[0], last), fanout_concat=1)
    names = [part.name for part in CellNet(genotype).parts]
    assert [name for name in names if name.startswith("cell0")] == [
        *("cell0_input1", "cell0_node1_edge0", "cell0_node1"),
    ]


def train(network: CellNet, steps: int) -> None:
    network.train()
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for step in range(steps):
        x = noise(network.receptive_field + 511, batch=4) * (1 + step % 3)
        optimizer.zero_grad()
        (network(x) - x[..., -512:].tanh()).square().mean().backward()
        optimizer.step()


def test_once_settled_it_trains_as_it_plays(monkeypatch):
    monkeypatch.setattr(net, "SETTLING_STEPS", 5)
    network, x = CellNet(SMALL), noise(400)
    train(network, 5)
    assert network.units["stem"].mean.abs().max() > 0
    unsettled = copy.deepcopy(network)
    unsettled.steps_seen.zero_()
    with torch.no_grad():
        assert torch.equal(network.train()(x), network.eval()(x))
        assert not torch.allclose(unsettled.train()(x), unsettled.eval()(x))
    before = network.units["stem"].mean.clone()
    train(network, 1)
    assert torch.equal(network.units["stem"].mean, before)
    again = CellNet(SMALL)  # as from a checkpoint
    again.load_state_dict(network.state_dict())
    assert torch.equal(again.train()(x), network.train()(x))


def test_what_is_trained_streams_as_it_computes():
    network, x = CellNet(SMALL), noise(2000)
    train(network, 12)
    network.eval()
    engine = TorchEngine(network)
    played = np.concatenate([engine.process(part[0, 0].numpy()) for part in x.split(77, dim=-1)])
    with torch.no_grad():
        offline = network(torch.nn.functional.pad(x, (network.receptive_field - 1, 0)))[0, 0].numpy()
    assert np.abs(played - offline).max() < 1e-5


def test_weights_that_change_are_heard_at_once():
    network, x = network_of(), noise(64)
    with torch.no_grad():
        before = network.stream(x, network.initial_state())[0]
        network.units["head"].weight.mul_(2)
        network.units["head"].bias.mul_(2)
        after = network.stream(x, network.initial_state())[0]
        torch.testing.assert_close(after, 2 * before)
        other = network_of(seed=1)
        network.load_state_dict(other.state_dict())
        torch.testing.assert_close(
            network.stream(x, network.initial_state())[0], other.stream(x, other.initial_state())[0]
        )
    network.stream(x, network.initial_state())[0].sum().backward()
    assert network.units["stem"].weight.grad.abs().sum() > 0


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "json"])
def test_formats_without_such_networks_say_so_in_a_line(name: str, tmp_path: Path):
    with pytest.raises(CannotHold) as refused:
        FORMATS[name].write(network_of(), tmp_path / "model", 48000, None)
    assert "\n" not in str(refused.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("genotype", "message"),
    [
        (WaveNetGenotype(2, (LayerChoice(3, 1, "Tanh", False),)), "not one of cells"),
        ({}, "unknown kind 'None'"),
        ({**as_values(SMALL), "layers": 3}, "unexpected keyword argument 'layers'"),
        (replace(SMALL, dilations=(1,) * 1000), "more edges than can be played"),
    ],
)
def test_what_is_no_genotype_of_cells_is_refused(genotype, message: str):
    with pytest.raises(InputError, match=message):
        CellNet(genotype)


@pytest.mark.parametrize("layers", [3, 4, 5, 7, 10, 12, 20, 31, 60])
def test_dilations_start_at_one_and_reach_far_but_not_too_far(layers: int):
    dilations = default_dilations(layers)
    assert (len(dilations), dilations[0]) == (layers, 1)
    reach = sum(d * rate for d, rate in zip(dilations, rates(layers), strict=True))
    assert REACH / 2 <= reach <= REACH or set(dilations) == {1}


def test_sizes_are_those_that_were_agreed():
    sizes = {name: (s.layers, s.nodes, s.init_channels) for name, s in SIZES.items()}
    assert sizes == {"s": (3, 4, 1), "m": (10, 4, 1), "l": (12, 4, 4), "xl": (20, 4, 4), "xxl": (20, 6, 8)}
    assert {(s.channel_multiplier, s.fanout_concat) for s in SIZES.values()} == {(3, 4)}
