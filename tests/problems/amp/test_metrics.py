"""Each metric against values that can be worked out by hand."""

import math

import pytest
import torch

from voxnas.problems.amp.metrics import dc_error, esr, mrstft, pre_emphasised_esr

SHAPES = [(-1,), (1, 1, -1), (4, 1, -1)]


def _noise(samples: int = 8192, seed: int = 0) -> torch.Tensor:
    return torch.randn(samples, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("gain", "expected"), [(1.0, 0.0), (0.0, 1.0), (-1.0, 4.0), (0.9, 0.01)])
def test_esr_of_a_scaled_target_is_the_squared_share_that_is_missing(shape, gain, expected):
    target = _noise().reshape(shape)
    assert esr(gain * target, target).item() == pytest.approx(expected, abs=1e-6)
    assert pre_emphasised_esr(gain * target, target).item() == pytest.approx(expected, abs=1e-6)


def test_esr_judges_everything_at_once_and_not_the_mean_of_batches():
    target = torch.tensor([[[1.0, 1.0]], [[3.0, 3.0]]])
    output = torch.tensor([[[0.0, 0.0]], [[3.0, 3.0]]])
    assert esr(output, target).item() == pytest.approx(2 / 20)  # the mean of both items would be .5


@pytest.mark.parametrize("metric", [esr, pre_emphasised_esr, dc_error])
def test_a_silent_target_is_reached_only_by_silence(metric):
    silence = torch.zeros(100)
    assert metric(silence, silence).item() == 0
    assert metric(torch.arange(100.0), silence).item() == math.inf


def test_pre_emphasis_by_hand():
    target = torch.tensor([1.0, 0.0, 2.0])  # filtered: -.85, 2
    output = torch.tensor([1.0, 1.0, 2.0])  # filtered: .15, 1.15
    expected = (1.0 + 0.85**2) / (0.85**2 + 4)
    assert pre_emphasised_esr(output, target).item() == pytest.approx(expected)
    assert pre_emphasised_esr(output, target, coefficient=0.0).item() == pytest.approx(1 / 4)


def test_dc_error_by_hand():
    target = torch.tensor([1.0, -1.0, 1.0, -1.0])
    assert dc_error(target + 0.5, target).item() == pytest.approx(0.25)
    assert dc_error(-target, target).item() == 0  # no offset, however wrong
    opposite = torch.stack([target + 0.5, target - 0.5]).unsqueeze(1)
    assert dc_error(opposite, target.expand(2, 1, 4)).item() == pytest.approx(0.25)  # they do not cancel


@pytest.mark.parametrize("shape", SHAPES)
def test_mrstft_grows_with_the_error(shape):
    target = _noise().reshape(shape)
    error = _noise(seed=1).reshape(shape)
    assert mrstft(target, target, 48000).item() == pytest.approx(0, abs=1e-6)
    distances = [mrstft(target + share * error, target, 48000).item() for share in (0.01, 0.1, 1.0)]
    assert distances == sorted(distances)
    assert distances[0] > 0


def test_mrstft_of_half_the_level_is_the_missing_half_and_the_log_of_two():
    target = _noise()
    assert mrstft(0.5 * target, target, 48000).item() == pytest.approx(0.5 + math.log(2), rel=1e-3)


def test_mrstft_in_windows_stays_close_to_the_whole():
    target = _noise(48000)
    output = target + 0.1 * _noise(48000, seed=1)
    whole = mrstft(output, target, 48000).item()
    assert mrstft(output, target, 48000, window_s=0.3).item() == pytest.approx(whole, rel=0.05)


def test_mrstft_takes_any_length_from_its_shortest_on():
    for samples in (1025, 3000 + 1, 48000 + 17):
        target = _noise(samples)
        assert math.isfinite(mrstft(0.9 * target, target, 48000, window_s=0.0625).item())
    with pytest.raises(ValueError, match="at least 1025 samples"):
        mrstft(_noise(1024), _noise(1024), 48000)


def test_shapes_that_would_broadcast_are_refused():
    with pytest.raises(ValueError, match="differ in shape"):
        esr(torch.zeros(4, 1, 10), torch.zeros(10))


@pytest.mark.parametrize("metric", [esr, pre_emphasised_esr, dc_error])
def test_metrics_have_finite_gradients(metric):
    target = _noise()
    output = (0.5 * target + 0.1).requires_grad_()
    metric(output, target).backward()
    assert output.grad is not None
    assert bool(output.grad.isfinite().all())


def test_not_a_number_is_never_a_good_score():
    sound, broken = _noise(), torch.full((8192,), math.nan)
    for target in (sound, torch.zeros(8192)):
        assert not esr(broken, target).item() < math.inf
    assert math.isnan(esr(sound, broken).item())
