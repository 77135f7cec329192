"""What a polished model is to answer to sines: its own harmonics, and nothing beside them."""

import numpy as np
import pytest
import torch

from voxnas.models.recurrent import LSTM
from voxnas.models.wavenet import WaveNet, stack
from voxnas.problems.amp.data.sines import Sines, draw_sines, settled_states, without_aliases

RATE = 48_000


def hard_clipper(gain: float = 8.0) -> WaveNet:
    """Clips `gain` times the input at ±1, without memory."""
    network = stack(1, 1, kernel_size=1, activation="Hardtanh", head_scale=1.0)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            weight.fill_({"mixin": gain, "head": 1.0}.get(name.split(".")[-2], 0.0) * ("bias" not in name))
    return network


@pytest.fixture(scope="module")
def sines() -> Sines:
    return draw_sines(hard_clipper(), RATE, 40, 2048, (82.4, 10_000.0), (-20.0, 0.0), seed=1)


def test_the_answers_are_the_models_own_harmonics_and_nothing_beside_them(sines):
    x, wanted = sines.batch(torch.arange(len(sines)), 0)
    heard = torch.fft.rfft(hard_clipper()(x)[:, 0].detach().double())
    spectrum = torch.fft.rfft(wanted[:, 0].double())
    harmonic = sines.harmonic(torch.arange(len(sines)))
    assert float(spectrum[~harmonic].abs().max()) < 1e-6 * float(spectrum.abs().max())
    torch.testing.assert_close(spectrum[harmonic], heard[harmonic], rtol=0, atol=2e-3)
    energy = heard.abs().square()
    aliasing = (energy * ~harmonic).sum(1) / (energy * harmonic)[:, 1:].sum(1)
    torch.testing.assert_close(sines.aliasing, aliasing, rtol=1e-2, atol=1e-9)
    assert float(aliasing.max()) > 1e-3


def test_no_alias_meets_a_harmonic_for_sines_begin_anew_after_a_prime(sines):
    assert sines.samples == 2039
    assert int(sines.cycles.min()) >= 3
    assert int(sines.cycles.max()) <= round(10_000 * 2039 / RATE)


def test_sines_have_their_past(sines):
    x, y = sines.batch(torch.tensor([3, 7]), 30)
    assert (x.shape, y.shape) == ((2, 1, 30 + 2039), (2, 1, 2039))
    turns = int(sines.cycles[7]) * np.arange(-30, 2039) / 2039
    np.testing.assert_allclose(x[1, 0], float(sines.peaks[7]) * np.sin(2 * np.pi * turns), atol=1e-6)
    np.testing.assert_array_equal(y[1, 0], sines.answers[7])


def test_a_recurrent_network_is_found_in_the_state_in_which_it_answers():
    torch.manual_seed(0)
    network = LSTM(4, warm_up=16)
    drawn = draw_sines(network, RATE, 3, 512, (1000.0, 4000.0), (-6.0, 0.0))
    state = settled_states(network, drawn, RATE)
    x, y = drawn.batch(torch.arange(3), 0)
    with torch.no_grad():
        heard, after = network.stream(x, state)
    torch.testing.assert_close(heard, y, rtol=0, atol=2e-3)  # but for its aliases
    torch.testing.assert_close(after, state, rtol=0, atol=1e-5)


def test_the_same_seed_draws_the_same_sines_and_silence_none():
    draw = [draw_sines(hard_clipper(), RATE, 5, 512, (100.0, 1000.0), (-20.0, 0.0), s) for s in (1, 1, 2)]
    assert torch.equal(draw[0].answers, draw[1].answers)
    assert not torch.equal(draw[0].cycles, draw[2].cycles)
    assert len(draw_sines(hard_clipper(gain=0.0), RATE, 5, 512, (100.0, 1000.0), (-20.0, 0.0))) == 0


def test_what_lies_at_half_the_rate_is_left_out():
    answer = np.cos(np.pi * np.arange(64)) + np.cos(2 * np.pi * 4 * np.arange(64) / 64) + 0.5
    clean = without_aliases(answer, 4)
    np.testing.assert_allclose(clean, np.cos(2 * np.pi * 4 * np.arange(64) / 64) + 0.5, atol=1e-12)
