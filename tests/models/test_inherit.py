"""WaveNets that begin with the weights of others."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import seeded

from voxnas.models.inherit import matches
from voxnas.models.wavenet import WaveNet
from voxnas.utils.errors import InputError

FIRST = {"channels": 3, "dilations": [1, 2, 4], "kernel_size": 2, "head_size": 2, "head_bias": False}
SECOND = {"channels": 2, "dilations": [8, 1], "kernel_size": 2}


def wavenet(*changes: dict, seed: int = 0, head_scale: float = 0.5) -> WaveNet:
    arrays = [{**array, **change} for array, change in zip((FIRST, SECOND), changes, strict=True)]
    network = seeded(seed, type="WaveNet", layer_arrays=arrays, head_scale=head_scale)
    assert isinstance(network, WaveNet)
    return network


def heir(network: WaveNet, parent: WaveNet) -> tuple[WaveNet, float]:
    child = copy.deepcopy(network)
    weights, share = child.inherited(parent.state_dict(), parent.architecture())
    child.load_state_dict(weights)
    return child, share


@torch.no_grad()
def difference(a: WaveNet, b: WaveNet) -> float:
    """Relative to what the first makes of noise."""
    x = 0.5 * torch.randn(1, 1, 400, generator=torch.Generator().manual_seed(0))
    y, z = (network.stream(x, network.initial_state())[0] for network in (a, b))
    return float((y - z).abs().max() / y.abs().max())


WIDER = st.fixed_dictionaries(
    {"kernel_size": st.integers(2, 5), "bottleneck": st.integers(3, 7), "head_kernel_size": st.integers(1, 4)}
)


@given(
    change=WIDER,
    widths=st.tuples(st.integers(3, 8), st.integers(2, 6)),
    activation=st.sampled_from(["Tanh", "ReLU", "PReLU", "Sigmoid"]),
    gating=st.sampled_from(["none", "gated"]),
)
@settings(max_examples=40, deadline=None)
def test_a_wider_one_with_longer_kernels_does_the_same(change, widths, activation, gating):
    same = {"activation": activation, "gating": gating}
    parent = wavenet(same, same)
    first = {**same, **change, "channels": widths[0], "head_size": widths[1]}
    second = {"channels": widths[1], "bottleneck": widths[1], "kernel_size": change["kernel_size"]}
    child, share = heir(wavenet(first, {**same, **second}, seed=1, head_scale=0.02), parent)
    assert difference(parent, child) < 1e-5
    assert 0 < share <= 1


@pytest.mark.parametrize("activation", ["Tanh", "ReLU", "LeakyReLU", "Softsign"])
@pytest.mark.parametrize("dilations", [[1, 2, 4, 8], [1, 2, 2, 4, 8], [16, 1, 2, 4]])
def test_a_deeper_one_does_almost_the_same(activation, dilations):
    same = {"activation": activation}
    parent = wavenet(same, same)
    child, _ = heir(wavenet({**same, "dilations": dilations, "channels": 5}, same, seed=1), parent)
    assert difference(parent, child) < 0.05


def test_all_of_a_grown_one_learns_at_once():
    first = {"channels": 5, "dilations": [1, 2, 4, 8], "kernel_size": 4, "activation": "ReLU"}
    child, _ = heir(wavenet(first, {}, seed=1), wavenet({"activation": "ReLU"}, {}))
    child(torch.randn(2, 1, 400)).square().sum().backward()
    last = "arrays.1.layers.1.residual"  # which nothing hears
    moved = {n: bool(p.grad is not None and p.grad.any()) for n, p in child.named_parameters()}
    assert not [name for name, moves in moved.items() if not moves and not name.startswith(last)]


def test_a_smaller_one_is_cut_from_the_other():
    parent = wavenet({}, {})
    child, share = heir(wavenet({"channels": 2, "dilations": [1, 4], "kernel_size": 1}, {}, seed=1), parent)
    (own, other) = (n.state_dict() for n in (child, parent))
    torch.testing.assert_close(
        own["arrays.0.layers.1.conv.weight"], other["arrays.0.layers.2.conv.weight"][:2, :2, -1:]
    )
    assert share == 1


def test_one_of_the_same_shape_is_the_other():
    parent = wavenet({}, {})
    child, share = heir(wavenet({}, {}, seed=1), parent)
    assert share == 1
    assert difference(parent, child) == 0


def test_layers_are_matched_by_their_dilations():
    assert matches([1, 2, 4, 8], [1, 2, 4]) == [0, 1, 2, None]
    assert matches([2, 4], [1, 2, 4]) == [1, 2]
    assert matches([1, 3, 9], [1, 2, 4]) == [0, 1, 2]
    assert matches([1, 2, 4, 1, 2, 4], [1, 2, 4]) == [0, 1, 2, None, None, None]


def test_what_has_nothing_to_give_is_said_in_a_line():
    child = wavenet({}, {})
    with pytest.raises(InputError, match="a WaveNet inherits nothing of a LSTM"):
        child.inherited({}, {"type": "LSTM"})
    one = seeded(type="WaveNet", layer_arrays=[{"channels": 2, "dilations": [1]}])
    with pytest.raises(InputError, match="2 arrays inherit nothing of 1"):
        child.inherited(one.state_dict(), one.architecture())
