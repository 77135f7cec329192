"""What keeps a network within bounds where nothing was recorded."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from voxnas.models.wavenet import stack
from voxnas.problems.amp.data.peaks import Peaks
from voxnas.problems.amp.stress import Stress, unheard

PEAKS = Peaks(0.5, 0.5)
BATCH = 0.1 * torch.randn(4, 1, 600, generator=torch.Generator().manual_seed(0))


def test_a_network_within_bounds_is_left_as_it_is():
    weight = torch.ones((), requires_grad=True)
    penalty = Stress()(lambda x: weight * torch.tanh(x), BATCH, 9, PEAKS, step=0)
    penalty.backward()
    assert penalty == 0
    assert weight.grad == 0


@pytest.mark.parametrize("gain", [10.0, 1e3, 1e9])
def test_a_burst_is_pulled_back_however_large_it_is(gain):
    weight = torch.ones((), requires_grad=True)
    Stress(weight=1.0)(lambda x: gain * weight * x, BATCH, 9, PEAKS, step=0).backward()
    assert 0.5 < weight.grad < 1.5


@pytest.mark.parametrize("broken", [torch.nan, torch.inf])
def test_what_is_not_finite_asks_for_nothing(broken):
    weight = torch.ones((), requires_grad=True)
    penalty = Stress()(lambda x: x * weight * broken, BATCH, 9, PEAKS, step=0)
    assert penalty == 0


def test_training_tames_what_bursts_beside_the_recording():
    torch.manual_seed(0)
    network = stack(6, 4, activation="LeakyReLU", head_scale=5.0)
    optimizer = torch.optim.Adam(network.parameters(), 0.01)
    stress = Stress(every=1)
    before = float(stress(network, BATCH, network.receptive_field, PEAKS, step=0))
    for step in range(60):
        optimizer.zero_grad()
        penalty = stress(network, BATCH, network.receptive_field, PEAKS, step)
        if penalty.requires_grad:
            penalty.backward()
        optimizer.step()
    after = [float(stress(network, BATCH, network.receptive_field, PEAKS, step)) for step in range(100, 140)]
    assert before > 0.01
    assert max(after) < 0.2 * before


@given(st.integers(0, 10_000), st.integers(1, 5), st.sampled_from([0.0, 1e-4, 1.0]))
def test_what_is_played_is_of_the_seed_alone_and_not_louder_than_a_host_lets_it(seed, batch, level):
    x = level * torch.ones(batch, 1, 50)
    played = unheard(x, seed)
    assert played.shape == (1, 1, 50)
    assert played.isfinite().all()
    assert played.abs().max() <= 1.5 + 1e-6
    assert torch.equal(played, unheard(x, seed))
