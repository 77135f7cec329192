"""A model at twice the rate, as benchmarks play it: the same sound and delays in seconds, fewer aliases."""

import numpy as np
import pytest
import torch
from material.oversampled import REACH, Oversampled

from voxnas.engine.aliasing import measure_aliasing, overall
from voxnas.engine.make import make_engine
from voxnas.engine.play import play
from voxnas.models.conv_net import Linear
from voxnas.models.recurrent import LSTM
from voxnas.models.wavenet import stack

RATE = 48_000


def low_noise() -> np.ndarray:
    """A second without anything near half the rate."""
    random = np.random.default_rng(0)
    spectrum = np.fft.rfft(random.standard_normal(RATE))
    spectrum[8_000:] = 0
    return (0.1 * np.fft.irfft(spectrum)).astype(np.float32)


def test_what_is_linear_sounds_the_same():
    torch.manual_seed(0)
    network, x = Linear(20), low_noise()
    twice = Oversampled(network)
    heard, wanted = play(twice, x, twice.delay_samples), play(make_engine(network), x)
    middle = slice(1000, -1000)
    np.testing.assert_allclose(heard[middle], wanted[middle], atol=1e-4)


@pytest.mark.parametrize("make", [lambda: stack(4, 4, head_scale=1.0), lambda: LSTM(8)])
def test_a_network_aliases_less(make):
    torch.manual_seed(1)
    network = make()
    with torch.no_grad():
        for name, weight in network.named_parameters():
            weight.mul_(6 if "mixin" in name or "weight_ih" in name else 1)
    asr = [
        overall(measure_aliasing(engine, RATE, 4 * REACH + network.receptive_field, [3000.0, 5000.0, 9000.0]))
        for engine in (make_engine(network), Oversampled(network))
    ]
    assert asr[1] < 0.1 * asr[0]


def test_blocks_of_any_length_join_without_a_seam():
    torch.manual_seed(0)
    twice, x = Oversampled(LSTM(4)), low_noise()[:4000]
    whole = play(twice, x)
    twice.reset()
    pieces = [twice.process(piece) for piece in np.split(x, [1, 1, 700, 3001])]
    np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-6)
