"""The native kernel computes what PyTorch computes, whatever the form of the network."""

import copy
import math

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from voxnas.kernels.activations import TRAINED, name_of
from voxnas.kernels.build import Unavailable, load
from voxnas.models.build import build
from voxnas.models.layer_array import LayerArray
from voxnas.models.wavenet import WaveNet, stack
from voxnas.models.wavenet_layers import Layer
from voxnas.utils.errors import InputError

try:
    load("wavenet_train.cpp")
except Unavailable as reason:
    pytest.skip(str(reason), allow_module_level=True)


@st.composite
def layer_arrays(draw: st.DrawFn) -> list[LayerArray]:
    count = draw(st.integers(1, 3))
    channels = [draw(st.integers(1, 20)) for _ in range(count)]
    arrays = []
    for index, width in enumerate(channels):
        layers = draw(st.integers(1, 4))
        last = index + 1 == count

        def each(values: st.SearchStrategy, layers: int = layers) -> list:
            return draw(st.lists(values, min_size=layers, max_size=layers))

        arrays.append(
            LayerArray.of(
                channels=width,
                dilations=each(st.integers(1, 40)),
                kernel_size=each(st.integers(1, 6)),
                activation=each(st.sampled_from(TRAINED)),
                gating=each(st.sampled_from(["none", "gated"])),
                head_size=1 if last else channels[index + 1],
                head_kernel_size=draw(st.integers(1, 5)),
                head_dilation=draw(st.integers(1, 3)),
                head_bias=draw(st.booleans()),
            )
        )
    return arrays


def passes(net: WaveNet, x: Tensor, dy: Tensor) -> tuple[Tensor, list[Tensor], Tensor]:
    """The output, and the gradients of the weights and of the input."""
    net.zero_grad()
    x = x.clone().requires_grad_()
    y = net(x)
    y.backward(dy)
    assert x.grad is not None
    return y.detach(), [p.grad for p in net.parameters()], x.grad


def reference(net: WaveNet, x: Tensor, dy: Tensor) -> tuple[Tensor, list[Tensor], Tensor]:
    exact = copy.deepcopy(net).double()
    exact.backend = "torch"
    return passes(exact, x.double(), dy.double())


def assert_same(net: WaveNet, x: Tensor, dy: Tensor) -> None:
    """Within 1e-4 of each gradient; where its terms cancel, within a millionth of the largest one."""
    y, grads, dx = passes(net, x, dy)
    exact_y, exact_grads, exact_dx = reference(net, x, dy)
    assert (y - exact_y).abs().max() <= 1e-5 * max(1.0, exact_y.abs().max())
    assert (dx - exact_dx).abs().max() <= 1e-4 * exact_dx.abs().max() + 1e-9
    rounding = 1e-6 * max(exact.abs().max() for exact in exact_grads if exact is not None)
    names = dict(net.named_parameters())
    for name, grad, exact in zip(names, grads, exact_grads, strict=True):
        assert (grad is None) == (exact is None), name
        if grad is not None:  # the last layer's residual has none
            assert (grad - exact).abs().max() <= 1e-4 * exact.abs().max() + rounding, name


KINKS = {"ReLU": [0], "LeakyReLU": [0], "PReLU": [0], "Hardtanh": [-1, 1]}


def is_at_a_kink(net: WaveNet, x: Tensor) -> bool:
    """Whether rounding decides which of two slopes some activation has, and so either gradient is right."""
    distances = []

    def watch(kinks: list[int]):
        return lambda _, inputs: distances.extend((inputs[0] - k).abs().min() for k in kinks)

    exact = copy.deepcopy(net).double()
    exact.backend = "torch"
    for array, shape in zip(exact.arrays, exact.shapes, strict=True):
        for layer, spec in zip(array.layers, shape.activations, strict=True):
            assert isinstance(layer, Layer)
            layer.activation.register_forward_pre_hook(watch(KINKS.get(name_of(spec), [])))
    with torch.no_grad():
        exact(x.double())
    return bool(distances) and min(distances) < 1e-5


def signals(net: WaveNet, batch: int, samples: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(seed)
    x = 0.5 * torch.randn(batch, 1, samples + net.receptive_field - 1, generator=random)
    return x, torch.randn(batch, 1, samples, generator=random)


def native(arrays: list[LayerArray], seed: int = 0, head_scale: float = 1.0) -> WaveNet:
    torch.manual_seed(seed)
    return WaveNet(arrays, head_scale=head_scale, backend="native")


@settings(max_examples=40, deadline=None)
@given(
    arrays=layer_arrays(),
    batch=st.integers(1, 3),
    samples=st.integers(1, 3000),
    seed=st.integers(0, 2**31),
    threads=st.sampled_from([1, 2, 3]),
)
def test_output_and_gradients_are_those_of_pytorch(
    arrays: list[LayerArray], batch: int, samples: int, seed: int, threads: int
) -> None:
    net = native(arrays, seed)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    x, dy = signals(net, batch, samples, seed)
    try:
        assert_same(net, x, dy)
    except AssertionError:
        assume(not is_at_a_kink(net, x))
        raise
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("channels", [1, 2, 3, 5, 8, 11, 16, 24, 33, 64])
def test_every_width(channels: int) -> None:
    net = native([LayerArray.of(channels=channels, dilations=[1, 2, 4], gating=["none", "gated", "none"])])
    assert_same(net, *signals(net, 2, 500))


@pytest.mark.parametrize("samples", [1, 2, 95, 96, 97, 1439, 1440, 1441, 2881])
def test_lengths_around_the_tiles(samples: int) -> None:
    net = native([LayerArray.of(channels=4, dilations=[1, 700, 3, 1600])])
    assert_same(net, *signals(net, 1, samples))


@pytest.mark.parametrize("name", TRAINED)
def test_activations_are_exact_to_one_millionth_and_keep_nan(name: str) -> None:
    net = stack(1, 1, kernel_size=1, activation=name, head_scale=1.0, backend="native")
    alone = ("rechannel.weight", "conv.weight", "head.weight")
    for key, parameter in net.named_parameters():  # leaves the activation of the input, and nothing else
        torch.nn.init.constant_(parameter, float(key.endswith(alone)))
    x = torch.cat([torch.linspace(-30, 30, 100_001), torch.tensor([0.0, 1e-30, -1e-30])])
    x = torch.cat([x, torch.tensor([math.nan])]).view(1, 1, -1)
    with torch.no_grad():
        y = net(x)
        net.backend = "torch"
        expected = net.double()(x.double())
    error = (y - expected).abs() / (x.abs().clamp(min=1) if name == "SiLU" else 1)
    assert error[..., :-1].max() <= 1e-6
    assert y[0, 0, -1].isnan()


@pytest.mark.parametrize("activation", TRAINED)
def test_a_nan_weight_gives_a_nan_output(activation: str) -> None:
    net = stack(3, 4, activation=activation, backend="native")
    with torch.no_grad():
        next(net.parameters())[0] = math.nan
    x, dy = signals(net, 1, 200)
    y, grads, _ = passes(net, x, dy)
    assert y.isnan().all()
    assert grads[-2].isnan().any(), "the head's"


def test_repeats_are_bit_identical_also_with_another_number_of_threads() -> None:
    net = stack(6, 7, activation="SiLU", gating="gated", backend="native")
    x, dy = signals(net, 4, 3000)
    before = torch.get_num_threads()
    results = []
    try:
        for threads in (2, 2, 1):
            torch.set_num_threads(threads)
            results.append(passes(net, x, dy))
    finally:
        torch.set_num_threads(before)
    for y, grads, dx in results[1:]:
        assert torch.equal(y, results[0][0])
        assert torch.equal(dx, results[0][2])
        pairs = zip(grads, results[0][1], strict=True)
        assert all(torch.equal(a, b) for a, b in pairs if a is not None)


def test_one_long_item_is_shared_among_threads_and_stays_the_same() -> None:
    net = native([LayerArray.of(channels=5, dilations=[1, 30], head_kernel_size=4)])
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    try:
        assert_same(net, *signals(net, 1, 10_001))
    finally:
        torch.set_num_threads(before)


def test_one_graph_can_be_walked_twice_and_two_graphs_live_side_by_side() -> None:
    net = stack(3, 4, backend="native")
    x, dy = signals(net, 2, 300)
    first, second = net(x), net(2 * x)
    weight = net.arrays[0].layers[0].conv.weight
    (again,) = torch.autograd.grad(first, weight, dy, retain_graph=True)
    torch.autograd.grad(second, weight, dy)
    assert torch.equal(again, torch.autograd.grad(first, weight, dy)[0])


def test_training_with_either_backend_ends_at_the_same_loss() -> None:
    losses = {}
    for backend in ("native", "torch"):
        torch.manual_seed(1)
        net = stack(4, 4, head_scale=1.0, backend=backend)
        x, _ = signals(net, 4, 1000)
        target = torch.tanh(3 * x[..., net.receptive_field - 1 :])
        optimizer = torch.optim.Adam(net.parameters(), 0.01)
        for _ in range(60):
            optimizer.zero_grad()
            loss = ((net(x) - target) ** 2).mean()
            loss.backward()
            optimizer.step()
        losses[backend] = loss.item()
    assert losses["native"] == pytest.approx(losses["torch"], rel=0.02)
    assert losses["native"] < 0.1 * (target**2).mean()


def test_nothing_that_is_written_down_knows_the_backend() -> None:
    a, b = stack(2, 4, backend="native"), stack(2, 4, backend="torch")
    assert a.architecture() == b.architecture()
    assert a.state_dict().keys() == b.state_dict().keys()
    assert build(a.architecture()).num_parameters == a.num_parameters


def test_what_has_no_native_form_is_said_once_and_runs_on_pytorch(caplog: pytest.LogCaptureFixture) -> None:
    net = stack(2, 4, activation="Fasttanh")
    x, _ = signals(net, 1, 10)
    for _ in range(2):
        assert net(x).shape == (1, 1, 10)
    lines = [record.getMessage() for record in caplog.records]
    assert len([line for line in lines if "Fasttanh" in line]) == 1
    with pytest.raises(InputError, match="Fasttanh"):
        stack(2, 4, activation="Fasttanh", backend="native")(x)
    with pytest.raises(InputError, match="unknown backend 'gpu'"):
        stack(2, 4, backend="gpu")


def test_too_short_an_input_is_refused() -> None:
    net = stack(3, 4, backend="native")
    with pytest.raises(ValueError, match=f"{net.receptive_field} samples or more"):
        net(torch.zeros(1, 1, net.receptive_field - 1))
