"""Networks that play at another rate than their own, from within."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from voxnas.engine.native_engine import NativeEngine
from voxnas.kernels.build import Unavailable
from voxnas.models.at_rate import at_ratio
from voxnas.models.build import build
from voxnas.models.recurrent import GRU, LSTM
from voxnas.models.state_delay import StateDelay, lagrange, largest_pole
from voxnas.models.wavenet import stack
from voxnas.utils.errors import InputError

RATIOS = (2, 96 / 44.1, 88.2 / 48, 44.1 / 48)


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("times", [2, 4])
def test_convolutions_answer_every_interleaved_signal_as_their_own(times):
    for net in (stack(3, 4), build({"type": "ConvNet", "channels": 3, "dilations": [1, 2], "name": "c"})):
        slow, fast = net, at_ratio(net, times)
        x = torch.randn(1, 1, 300 * times)
        y, _ = fast.stream(x, fast.initial_state())
        for phase in range(times):
            expected, _ = slow.stream(x[..., phase::times], slow.initial_state())
            torch.testing.assert_close(y[..., phase::times], expected)


def test_a_head_that_looks_at_several_samples_is_stretched_as_well():
    arrays = [{"channels": 3, "dilations": [1, 2], "head_kernel_size": 4}]
    net = build({"type": "WaveNet", "layer_arrays": arrays, "head_scale": 0.5, "name": "net"})
    fast = at_ratio(net, 2)
    assert fast.receptive_field - 1 == 2 * (net.receptive_field - 1)
    x = torch.randn(1, 1, 200)
    expected, _ = net.stream(x[..., ::2], net.initial_state())
    torch.testing.assert_close(fast.stream(x, fast.initial_state())[0][..., ::2], expected)


@given(st.floats(1, 8), st.integers(1, 3))
def test_lagrange_reads_polynomials_of_its_degree_exactly(delay, degree):
    first, taps = lagrange(delay, degree)
    ages = first + np.arange(len(taps))
    for power in range(degree + 1):
        assert float(np.dot(taps, ages**power)) == pytest.approx(delay**power, rel=1e-6, abs=1e-6)


def test_poles_are_those_of_the_recursion():
    assert largest_pole(np.array([[0.5]]), 1, (1.0,)) == pytest.approx(0.5)
    assert largest_pole(np.array([[0.5]]), 2, (1.0,)) == pytest.approx(0.5**0.5)
    assert largest_pole(np.array([[1.1]]), 3, (1.0,)) > 1
    # Reading ahead of the last state is what may not be stable: then a lower degree is taken.
    assert largest_pole(np.array([[-0.95]]), *lagrange(0.5, 3)) > 1
    assert largest_pole(np.array([[-0.95]]), *lagrange(0.5, 0)) < 1


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_compiled_code_plays_a_delayed_state_as_pytorch_does(kind, ratio):
    net = at_ratio(kind(7, num_layers=2, skip=True), ratio)
    x = torch.randn(1, 1, 300)
    expected, _ = net.stream(x, net.initial_state())
    try:
        engine = NativeEngine(net)
    except Unavailable as reason:
        pytest.skip(str(reason))
    parts = [engine.process(part) for part in np.split(x[0, 0].numpy(), [1, 64, 70])]
    np.testing.assert_allclose(np.concatenate(parts), expected[0, 0].detach().numpy(), atol=1e-5)
    engine.reset()
    np.testing.assert_allclose(engine.process(x[0, 0].numpy()), np.concatenate(parts), atol=1e-6)


def test_a_state_of_one_sample_before_is_the_network_itself():
    net = LSTM(5)
    x = torch.randn(1, 1, 100)
    delayed = StateDelay(net, 1)
    expected, _ = net.stream(x, net.initial_state())
    torch.testing.assert_close(delayed.stream(x, delayed.initial_state())[0], expected)


def test_networks_that_cannot_are_told_so():
    with pytest.raises(InputError, match=r"whole multiples of its rate, not at 1\.5 times"):
        at_ratio(stack(2, 3), 1.5)
    with pytest.raises(InputError, match="a Linear plays at its own rate alone"):
        at_ratio(build({"type": "Linear", "taps": 8}), 2)
