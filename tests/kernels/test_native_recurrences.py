"""Native training of state trajectories and linear recurrences computes what PyTorch does in float64."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import seeded

from voxnas.kernels import scan
from voxnas.kernels.build import Unavailable, load
from voxnas.kernels.trajectory import NativeTrajectory
from voxnas.models.base import Network
from voxnas.utils.errors import InputError

try:
    load("trajectory_train.cpp")
    load("scan_train.cpp")
except Unavailable as reason:
    pytest.skip(str(reason), allow_module_level=True)


def assert_same(net: Network, batch: int, samples: int) -> None:
    """The output and the gradients of the weights."""
    exact = copy.deepcopy(net).double()
    exact.backend = "torch"
    random = torch.Generator().manual_seed(batch + samples)
    x = 0.5 * torch.randn(batch, 1, samples + net.warm_up, generator=random)
    dy = torch.randn(batch, 1, samples, generator=random)
    y, exact_y = net(x), exact(x.double())
    torch.testing.assert_close(y.double(), exact_y, rtol=1e-5, atol=1e-5)
    (y * dy).sum().backward()
    (exact_y * dy.double()).sum().backward()
    rounding = 1e-6 * max(p.grad.abs().max() for p in exact.parameters()) + 1e-7 * dy.abs().sum()
    for (name, parameter), other in zip(net.named_parameters(), exact.parameters(), strict=True):
        assert (parameter.grad - other.grad).abs().max() <= 1e-4 * other.grad.abs().max() + rounding, name


@settings(max_examples=25, deadline=None)
@given(
    states=st.integers(1, 5),
    size=st.integers(5, 20),
    layers=st.integers(1, 4),
    activation=st.sampled_from(["Tanh", "Sigmoid", "ReLU", "Softsign", "Hardtanh", "SiLU"]),
    batch=st.integers(1, 35),
    samples=st.integers(1, 60),
    warm_up=st.integers(0, 30),
)
def test_a_state_trajectory_learns_as_pytorch_says(states, size, layers, activation, batch, samples, warm_up):
    sizes = {"states": states, "hidden_size": size, "hidden_layers": layers, "warm_up": warm_up}
    net = seeded(type="StateTrajectory", activation=activation, backend="native", **sizes)
    assert_same(net, batch, samples)


def test_a_result_does_not_depend_on_the_number_of_threads():
    net, found = NativeTrajectory([4, 9, 3], "Tanh"), []
    layers = [(0.3 * torch.randn(9, 4), torch.zeros(9)), (0.1 * torch.randn(3, 9), torch.zeros(3))]
    parameters = [part.requires_grad_() for layer in layers for part in layer]
    x = torch.randn(40, 1, 60)
    threads = torch.get_num_threads()
    try:
        for count in (1, 3):
            torch.set_num_threads(count)
            found.append(torch.autograd.grad(net(x, 10, layers), parameters, torch.ones(40, 3, 50)))
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(*pair) for pair in zip(*found, strict=True))


def test_too_many_layers_are_refused_by_native_code_alone():
    form = {"type": "StateTrajectory", "hidden_layers": 8, "warm_up": 0}
    x = torch.zeros(1, 1, 3)
    with pytest.raises(InputError, match="9 layers are over the native 8"):
        seeded(**form, backend="native")(x)
    assert seeded(**form, backend="auto")(x).shape == x.shape


def test_a_nan_gives_nan():
    net = seeded(type="StateTrajectory", backend="native", warm_up=3)
    x = torch.zeros(2, 1, 20)
    x[1, 0, 0] = torch.nan
    y = net(x).detach()
    assert torch.isfinite(y[0]).all()
    assert y[1].isnan().all()


@settings(max_examples=25, deadline=None)
@given(modes=st.integers(1, 5), batch=st.integers(1, 3), samples=st.integers(1, 70), gated=st.booleans())
def test_a_state_space_learns_as_pytorch_says(modes, batch, samples, gated):
    sizes = {"channels": 3, "modes": modes, "warm_up": 5, "times": [2, 5000]}
    assert_same(seeded(type="StateSpace", gated=gated, **sizes), batch, samples)


def test_the_gradients_of_a_linear_recurrence_are_those_of_differences():
    random = torch.Generator().manual_seed(0)

    def given(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=random, dtype=torch.float64, requires_grad=True)

    real, imag = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in ([0.5, -0.9], [0.3, 0.1]))
    assert torch.autograd.gradcheck(scan.diagonal_scan, (given(4, 2, 9), given(4, 2), real, imag))
