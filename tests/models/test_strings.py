"""Strings: what cannot gain energy does not, whatever its weights; a voice plays what training computed."""

import numpy as np
import pytest
import torch

from voxnas.kernels.string_voice import Voice
from voxnas.models.build import build
from voxnas.models.strings.net import StringNet
from voxnas.models.strings.passive import Contraction, PassiveCell
from voxnas.models.strings.taps import mixing
from voxnas.utils.errors import InputError

RATE, PERIOD = 8000, 80.4
SECONDS = 60

FORMS = [
    {"states": 1},
    {"states": 4, "hidden": 8, "energy": "decay"},
    {"polarisations": 2, "states": 3, "hidden": "6-6", "bias": True, "scaled": False},
    {"form": "free", "around": 2, "quarter": 1, "hidden": 5, "gains": True, "energy": "decay", "bias": True},
    {"form": "free", "fractional": False},
]


def random_string(seed: int, **settings) -> StringNet:
    """A string whose weights are as wild as they come."""
    torch.manual_seed(seed)
    network = StringNet(**settings)
    network.follow(PERIOD, RATE, 0.001)
    with torch.no_grad():
        for weight in network.parameters():
            weight.copy_(torch.randn_like(weight) * 10 ** float(torch.empty(1).uniform_(-1, 1)))
        if network.is_passive:
            network.delay.uniform_(0.2, 3)
    return network


def passes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    hidden = ["none", "4", "8-4"][seed % 3]
    network = random_string(
        seed,
        polarisations=1 + seed % 2,
        states=int(rng.integers(0, 6)),
        hidden=hidden,
        bias=bool(seed % 4 == 1),
        scaled=bool(seed % 5),
        activation=["Tanh", "ReLU", "Softsign", "Hardtanh"][seed % 4],
        energy=["none", "level", "decay"][seed % 3],
    )
    voice = Voice(network.voice_form())
    size = int(PERIOD)
    voice.strike(rng.uniform(-0.5, 0.5, (network.lines, size)).astype(np.float32) + 0.2)  # DC, too
    voice.play(size)
    before = voice.energy()
    for _ in range(150):
        voice.play(size)
        now = voice.energy()
        assert now <= before * (1 + 1e-5)
        before = now
    end = voice.play(SECONDS * RATE)[-RATE // 2 :]
    assert np.abs(end).max() < 1e-5


@pytest.mark.parametrize("seed", range(8))
def test_a_passive_string_of_any_weights_loses_energy_and_comes_to_rest_at_zero(seed):
    passes(seed)


@pytest.mark.slow
def test_a_thousand_passive_strings_lose_energy_and_come_to_rest_at_zero():
    for seed in range(1000):
        passes(seed)


def test_a_free_string_may_gain_energy():
    voice = Voice(random_string(1, form="free", hidden=8).voice_form())
    voice.strike(np.full((1, 80), 0.1, np.float32))
    assert not np.abs(voice.play(4000)).max() < 1


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_contraction_has_no_singular_value_above_one(size):
    torch.manual_seed(size)
    made = Contraction(size)
    for _ in range(20):
        with torch.no_grad():
            for weight in made.parameters():
                weight.copy_(3 * torch.randn_like(weight))
        assert torch.linalg.matrix_norm(made(), 2) < 1 + 1e-5


def test_polarisations_exchange_energy_by_a_rotation():
    cell = PassiveCell(2, 2)
    apart = cell()
    with torch.no_grad():
        cell.coupling.fill_(0.3)
    assert not torch.allclose(apart, cell())
    torch.testing.assert_close(torch.linalg.matrix_norm(cell(), 2), torch.linalg.matrix_norm(apart, 2))


@pytest.mark.parametrize("settings", FORMS, ids=str)
def test_a_voice_plays_what_training_computes(settings):
    settings = {**settings, "energy": "none"}  # which a voice measures from its own strike on
    torch.manual_seed(3)
    network = StringNet(**settings)
    network.follow(PERIOD, RATE, 0.001)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
    form = network.at(PERIOD)
    size, steps = form.history, 640
    given = 0.2 * torch.randn(1, network.lines, size + steps)
    silence = torch.zeros(1, network.lines, size)
    with torch.no_grad():  # led through the pluck from silence, then alone
        heard = network(silence, size + steps, given=given, forced=size)
        led = network(silence, size, given=given[..., :size], forced=size)
    voice = Voice(network.voice_form())
    voice.strike((given[..., :size] - led)[0].numpy())
    played = voice.play(size + steps)
    np.testing.assert_allclose(played[:size], given[0, :, :size].sum(0), atol=2e-5)
    np.testing.assert_allclose(played[size:], heard[0, :, size:].sum(0), atol=2e-3)


@pytest.mark.parametrize("settings", FORMS, ids=str)
def test_it_is_what_it_says_it_is(settings):
    network = random_string(0, **settings)
    again = build(network.architecture())
    again.load_state_dict(network.state_dict())
    start = torch.randn(1, network.lines, network.at(PERIOD).history)
    torch.testing.assert_close(again(start, 50), network(start, 50), rtol=0, atol=0, equal_nan=True)
    assert again.num_parameters == network.num_parameters
    assert again.macs == network.macs > 0


def test_another_pitch_is_another_period():
    network = StringNet(states=0)
    network.follow(PERIOD, RATE)
    network.delay.data.fill_(0.0)  # a filter without states delays by nothing
    voice = Voice(network.voice_form())
    voice.set_pitch(200.0)
    voice.strike(np.random.default_rng(0).standard_normal((1, 40)).astype(np.float32))
    sound = voice.play(8000)
    spectrum = np.abs(np.fft.rfft(sound[400:4400] * np.hanning(4000)))
    peak = np.argmax(spectrum[50:150]) + 50
    assert peak * RATE / 4000 == pytest.approx(200, abs=3)


def test_damping_takes_a_string_down_in_so_many_seconds():
    network = StringNet(states=0, max_t60=1000.0)
    network.follow(PERIOD, RATE)
    with torch.no_grad():
        network.cell.filters[0].losses.fill_(-12)
    voice = Voice(network.voice_form())
    voice.strike(np.random.default_rng(0).standard_normal((1, 80)).astype(np.float32))
    voice.set_damping(0.5)
    sound = voice.play(RATE)
    early, late = (np.sqrt(np.mean(sound[i : i + 400] ** 2)) for i in (400, 2400))
    assert 20 * np.log10(early / late) == pytest.approx(30, abs=3)


def test_taps_between_samples_delay_by_so_much():
    delays, matrix = mixing([10.3])
    wave = np.sin(0.2 * np.arange(100))
    found = sum(float(w) * wave[60 - d] for w, d in zip(matrix[0], delays, strict=True))
    assert found == pytest.approx(np.sin(0.2 * (60 - 10.3)), abs=1e-4)


@pytest.mark.parametrize(
    "settings",
    [
        {"form": "loose"},
        {"form": "free", "polarisations": 2},
        {"form": "free", "linear": False},
        {"hidden": "8-8-8"},
        {"hidden": "wide"},
        {"activation": "GELU"},
        {"polarisations": 3},
        {"max_t60": 0.0},
    ],
    ids=str,
)
def test_what_does_not_go_together_is_said(settings):
    with pytest.raises(InputError, match="model"):
        StringNet(**settings)


def test_a_pitch_that_is_too_high_is_said():
    with pytest.raises(InputError, match="too short"):
        StringNet().follow(8.0, 44_100)
