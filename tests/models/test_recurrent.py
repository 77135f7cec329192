"""Recurrent networks: their counts, their warm-up, and the state that silence leaves."""

import numpy as np
import pytest
import torch
from streams import seeded

from voxnas.models.build import build
from voxnas.utils.errors import InputError

kinds = pytest.mark.parametrize("kind", ["LSTM", "GRU"])


def noise(samples: int, batch: int = 1) -> torch.Tensor:
    return torch.randn(batch, 1, samples, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize(("kind", "gates"), [("LSTM", 4), ("GRU", 3)])
def test_counts_by_hand(kind: str, gates: int):
    network = build({"type": kind, "hidden_size": 5, "num_layers": 2})
    macs = gates * 5 * (1 + 5) + gates * 5 * (5 + 5) + 5
    assert network.macs_per_sample == macs
    assert network.num_parameters == macs + 2 * 2 * gates * 5 + 1  # two biases per gate, the output's
    assert network.summary() == {"num_layers": 2, "channels": 5}


def test_published_counts():
    # Wright et al. (2019), an LSTM of 32 units with its linear output; a diode clipper's of 8
    assert build({"type": "LSTM", "hidden_size": 32}).num_parameters == 4513
    assert build({"type": "LSTM", "hidden_size": 8}).num_parameters == 361


@kinds
@torch.no_grad()
def test_the_warm_up_is_played_and_not_put_out(kind: str):
    network = seeded(type=kind, hidden_size=4, num_layers=2, warm_up=70).double()
    x = noise(200, batch=3)
    start = [part.unsqueeze(1).expand(-1, 3, -1).contiguous() for part in network.start]
    everything, _ = network.stream(x, start)
    assert network.receptive_field == 71
    torch.testing.assert_close(network(x), everything[..., 70:], rtol=0, atol=1e-12)


@kinds
def test_no_gradient_goes_into_the_warm_up(kind: str):
    network = seeded(type=kind, hidden_size=4, warm_up=70).double()
    x = noise(200).requires_grad_()
    network(x).square().sum().backward()
    assert x.grad is not None
    assert not x.grad[..., :70].any()
    assert x.grad[..., 70:].all()


@kinds
@torch.no_grad()
def test_a_skip_adds_the_input(kind: str):
    plain, skipping = (seeded(type=kind, warm_up=10, skip=skip).double() for skip in (False, True))
    x = noise(50)
    torch.testing.assert_close(skipping(x), plain(x) + x[..., 10:], rtol=0, atol=1e-12)


@kinds
@torch.no_grad()
def test_the_initial_state_is_where_silence_comes_to_rest(kind: str):
    network = seeded(type=kind, hidden_size=6, num_layers=2).double()
    state = network.initial_state(batch=2)
    y, after = network.stream(torch.zeros(2, 1, 100, dtype=torch.float64), state)
    assert all(part.shape == (2, 2, 6) for part in state)
    for before, now in zip(state, after, strict=True):
        torch.testing.assert_close(now, before, rtol=0, atol=1e-14)
    assert float(y.std()) < 1e-14


@torch.no_grad()
def test_silence_that_never_rests_is_given_a_second_at_48_khz():
    network = seeded(type="LSTM", hidden_size=1)
    for parameter in network.parameters():
        parameter.zero_()
    network.layer(0)[2][:3] = torch.tensor([-7.0, 30.0, 5.0])  # a cell that forgets nothing, and slowly fills
    _, cell = network.initial_state()
    slope = float(torch.sigmoid(torch.tensor(-7.0)) * torch.tanh(torch.tensor(5.0)))
    assert float(cell) == pytest.approx(48_000 * slope, rel=1e-3)


def test_too_short_an_input_is_refused():
    with pytest.raises(ValueError, match="11 samples or more, got 10"):
        build({"type": "GRU", "warm_up": 10})(torch.zeros(1, 1, 10))


@kinds
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"hidden_size": 0}, "whole numbers from 1"),
        ({"hidden_size": 2.5}, "whole numbers from 1"),
        ({"num_layers": -1}, "whole numbers from 1"),
        ({"warm_up": -1}, "warm_up"),
        ({"warm_up": "long"}, "warm_up"),
        ({"channels": 3}, "channels"),
    ],
)
def test_what_cannot_be_built_is_said_in_one_line(kind: str, arguments: dict, message: str):
    with pytest.raises(InputError, match=message) as error:
        build({"type": kind, **arguments})
    assert kind in str(error.value)
    assert "\n" not in str(error.value)


@kinds
@torch.no_grad()
def test_it_computes_what_the_papers_say(kind: str):
    """One unit's equations, written out."""
    network = seeded(type=kind, hidden_size=1, warm_up=0).double()
    of_input, of_past, input_bias, past_bias = (part.flatten().numpy() for part in network.layer(0))
    x, h, c, y = noise(50)[0, 0].numpy(), 0.0, 0.0, []
    for sample in x:
        a, b = of_input * sample + input_bias, of_past * h + past_bias
        if kind == "LSTM":
            i, f, _, o = 1 / (1 + np.exp(-(a + b)))
            c = f * c + i * np.tanh(a[2] + b[2])
            h = o * np.tanh(c)
        else:
            r, z, _ = 1 / (1 + np.exp(-(a + b)))
            h = (1 - z) * np.tanh(a[2] + r * b[2]) + z * h
        y.append(float(network.head.weight) * h + float(network.head.bias))
    np.testing.assert_allclose(network(torch.from_numpy(x)[None, None])[0, 0], y, rtol=0, atol=1e-12)


def test_an_lstm_s_forget_gates_begin_open():
    network = seeded(type="LSTM", hidden_size=3, num_layers=2)
    for layer in range(2):
        *_, input_bias, past_bias = network.layer(layer)
        together = (input_bias + past_bias).detach().view(4, 3)
        assert torch.equal(together[1], torch.ones(3))
        assert together[[0, 2, 3]].abs().max() < 2 * 3**-0.5
