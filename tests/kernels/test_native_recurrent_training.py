"""The native training of LSTM and GRU networks computes what PyTorch computes in double precision."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import seeded
from torch import Tensor

from voxnas.kernels import recurrent
from voxnas.kernels.build import Unavailable, load
from voxnas.kernels.recurrent import NativeRecurrent
from voxnas.models.build import build
from voxnas.models.recurrent import Recurrent
from voxnas.utils.errors import InputError

try:
    load("recurrent_train.cpp")
except Unavailable as reason:
    pytest.skip(str(reason), allow_module_level=True)

kinds = pytest.mark.parametrize("kind", ["LSTM", "GRU"])


def passes(net: Recurrent, x: Tensor, dy: Tensor) -> tuple[Tensor, dict[str, Tensor], Tensor]:
    """The output, and the gradients of the weights and of the input."""
    net.zero_grad()
    x = x.clone().requires_grad_()
    y = net(x)
    y.backward(dy)
    assert x.grad is not None
    return y.detach(), {name: p.grad for name, p in net.named_parameters() if p.grad is not None}, x.grad


def signals(net: Recurrent, batch: int, samples: int) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(batch + samples)
    x = 0.5 * torch.randn(batch, 1, samples + net.warm_up, generator=random)
    return x, torch.randn(batch, 1, samples, generator=random)


def assert_same(net: Recurrent, x: Tensor, dy: Tensor) -> None:
    exact = copy.deepcopy(net).double()
    exact.backend = "torch"
    y, grads, dx = passes(net, x, dy)
    exact_y, exact_grads, exact_dx = passes(exact, x.double(), dy.double())
    assert (y - exact_y).abs().max() <= 1e-5 * max(1.0, exact_y.abs().max())
    assert (dx - exact_dx).abs().max() <= 1e-4 * exact_dx.abs().max() + 1e-9
    assert grads.keys() == exact_grads.keys()
    rounding = 1e-6 * max(grad.abs().max() for grad in exact_grads.values()) + 1e-7 * dy.abs().sum()
    for name, exact_grad in exact_grads.items():
        assert (grads[name] - exact_grad).abs().max() <= 1e-4 * exact_grad.abs().max() + rounding, name


def native(seed: int = 0, **form) -> Recurrent:
    return seeded(seed, **form, backend="native")


@settings(max_examples=30, deadline=None)
@given(
    kind=st.sampled_from(["LSTM", "GRU"]),
    layers=st.integers(1, 4),
    units=st.one_of(st.integers(1, 24), st.integers(1, 96)),
    batch=st.integers(1, 9),
    samples=st.integers(1, 150),
    warm_up=st.integers(0, 80),
    truncation=st.one_of(st.none(), st.integers(1, 150)),
    skip=st.booleans(),
)
def test_output_and_gradients_are_pytorch_s(
    kind: str,
    layers: int,
    units: int,
    batch: int,
    samples: int,
    warm_up: int,
    truncation: int | None,
    skip: bool,
):
    sizes = {"hidden_size": units, "num_layers": layers, "warm_up": warm_up, "skip": skip, "skip_gain": 0.5}
    net = native(type=kind, truncation=truncation, **sizes)
    assert_same(net, *signals(net, batch, samples))


@kinds
@pytest.mark.parametrize("units", [7, 8, 16])  # more of such units are chaotic
def test_gates_that_open_and_close_through_a_long_segment(kind: str, units: int):
    net = native(type=kind, hidden_size=units, warm_up=100)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter *= 2
    assert_same(net, *signals(net, 8, 2000))


@kinds
def test_a_start_that_a_file_brings_is_where_the_warm_up_begins(kind: str):
    net = native(type=kind, hidden_size=5, num_layers=2, warm_up=3)
    net.start += torch.randn(net.start.shape, generator=torch.Generator().manual_seed(0))
    assert_same(net, *signals(net, 3, 20))


@kinds
def test_the_number_of_threads_changes_nothing(kind: str):
    net = native(type=kind, hidden_size=24, num_layers=2, warm_up=10)
    x, dy = signals(net, 7, 200)
    threads = torch.get_num_threads()
    try:
        found = []
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            y, grads, dx = passes(net, x, dy)
            found.append([y, dx, *grads.values()])
    finally:
        torch.set_num_threads(threads)
    for other in found[1:]:
        for one, same in zip(found[0], other, strict=True):
            assert torch.equal(one, same)


@kinds
@torch.no_grad()
def test_without_gradients_it_computes_the_same(kind: str):
    net = native(type=kind, hidden_size=9, num_layers=2, warm_up=33)
    x, _ = signals(net, 5, 300)
    with torch.enable_grad():
        expected = net(x).detach()
    assert torch.equal(net(x), expected)


@kinds
def test_nan_in_a_weight_is_nan_in_the_output(kind: str):
    net = native(type=kind, hidden_size=4, warm_up=2)
    with torch.no_grad():
        net.layer(0)[1][0, 0] = float("nan")
    assert net(signals(net, 2, 30)[0]).isnan().any()


@pytest.mark.parametrize("layers", [1, 2])
@kinds
def test_several_channels_of_input(kind: str, layers: int):
    """As knobs beside the signal would be."""
    torch.manual_seed(0)
    units = getattr(torch.nn, kind)(3, 6, layers, batch_first=True)
    head = torch.nn.Linear(6, 1)
    weights = [*units.parameters(), *head.parameters()]
    x, dy = torch.randn(5, 3, 90), torch.randn(5, 1, 90)
    start = torch.zeros(2 if kind == "LSTM" else 1, layers, 6)
    y = NativeRecurrent(kind, layers, 6, inputs=3)(x, 0, weights, start)
    grads = torch.autograd.grad(y, weights, dy)
    exact = head.double()(units.double()(x.double().transpose(1, 2))[0]).transpose(1, 2)
    exact_grads = torch.autograd.grad(exact, weights, dy.double())
    torch.testing.assert_close(y.double(), exact, rtol=0, atol=1e-5)
    for grad, expected in zip(grads, exact_grads, strict=True):
        torch.testing.assert_close(grad.double(), expected, rtol=1e-4, atol=1e-4)


@kinds
def test_what_is_too_large_trains_on_pytorch_or_is_refused(kind: str, monkeypatch, caplog):
    monkeypatch.setattr(recurrent, "MOST_UNITS", 3)
    x = torch.zeros(1, 1, 10)
    assert build({"type": kind, "hidden_size": 4, "warm_up": 5})(x).shape == (1, 1, 5)
    with pytest.raises(InputError, match=r"backend=native cannot be: 4 units are over the native 3"):
        build({"type": kind, "hidden_size": 4, "warm_up": 5, "backend": "native"})(x)


@kinds
@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"truncation": 0}, "truncation is a whole number"), ({"backend": "fast"}, "unknown backend 'fast'")],
)
def test_settings_that_cannot_be(kind: str, arguments: dict, message: str):
    with pytest.raises(InputError, match=message):
        build({"type": kind, **arguments})
