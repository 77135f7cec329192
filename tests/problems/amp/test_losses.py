"""The loss against values that can be worked out by hand, and against the metrics."""

import math

import pytest
import torch

from voxnas.problems.amp import metrics
from voxnas.problems.amp.losses import TERMS, WINDOW, WeightedLoss
from voxnas.training.module import require_finite
from voxnas.utils.errors import InputError

TARGET = torch.tensor([[[1.0, -1.0, 1.0, -1.0]]])
SAME_AS_METRICS = {
    "esr": metrics.esr,
    "pre_emphasised_esr": metrics.pre_emphasised_esr,
    "dc": metrics.dc_error,
}


def noise(seed: int, samples: int = 4096) -> torch.Tensor:
    return torch.randn(3, 1, samples, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("mse", 0.25),
        ("esr", 0.25),
        ("root_esr", 0.5),
        ("soft_esr", (0.25 / 1.001) ** 0.5),
        ("dc", 0.25),
        ("pre_emphasised_esr", 0.075**2 / 1.85**2),
    ],
)
def test_an_offset_of_a_half_by_hand(term, expected):
    assert WeightedLoss(**{term: 1.0})(TARGET + 0.5, TARGET).item() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("term", SAME_AS_METRICS)
def test_terms_are_the_metrics_of_the_same_name(term):
    output, target = noise(0), noise(1)
    expected = SAME_AS_METRICS[term](output, target).item()
    assert TERMS[term](output, target).item() == pytest.approx(expected, rel=1e-5)


def test_mrstft_sees_the_treble_more_than_the_bass():
    time = torch.arange(8192) / 48000
    low, high = (0.1 * torch.sin(2 * math.pi * f * time).view(1, 1, -1) for f in (100, 6000))
    target = noise(0, 8192)[:1]
    assert TERMS["mrstft"](target, target).item() == pytest.approx(0, abs=1e-5)
    assert TERMS["mrstft"](target + high, target) > TERMS["mrstft"](target + low, target) > 0


def test_terms_add_up_by_their_weights():
    output, target = noise(0), noise(1)
    both = WeightedLoss(mse=2.0, esr=0.5)(output, target)
    assert both == pytest.approx(2 * TERMS["mse"](output, target) + 0.5 * TERMS["esr"](output, target))
    assert WeightedLoss(mse=1.0, mrstft=0.0).weights == {"mse": 1.0}


@pytest.mark.parametrize("term", TERMS)
def test_every_term_is_least_where_the_output_is_the_target_and_can_be_differentiated_there(term):
    target = noise(0)
    loss = WeightedLoss(**{term: 1.0})
    output = target.clone().requires_grad_()
    perfect = loss(output, target)
    perfect.backward()
    assert bool(output.grad.isfinite().all())
    assert perfect.item() == pytest.approx(0, abs=2e-4)
    assert loss(0.9 * target + 0.05, target) > perfect


def windows(*decibels: float) -> torch.Tensor:
    """A window of noise at each of these levels."""
    levels = torch.tensor([10 ** (db / 20) for db in decibels]).repeat_interleave(WINDOW)
    return levels * noise(0, levels.numel())[:1]


def test_the_same_relative_error_counts_as_much_in_soft_playing_and_less_in_what_may_be_hiss():
    target = windows(0, 0, 0, -20, -70)

    def loss(window: int) -> float:
        output = target.clone()
        output[..., window * WINDOW : (window + 1) * WINDOW] *= 1.5
        return TERMS["soft_esr"](output, target).item()

    assert loss(3) == pytest.approx(loss(0), rel=0.05)
    assert loss(0) == pytest.approx((0.25 / 5) ** 0.5, rel=0.01)
    assert loss(4) < 0.05 * loss(0)


def test_soft_playing_does_not_depend_on_how_loud_all_is_nor_on_a_rest_that_fills_no_window():
    target, output = windows(0, -20), windows(0, -19)
    alike = TERMS["soft_esr"](output, target)
    assert TERMS["soft_esr"](0.1 * output, 0.1 * target).item() == pytest.approx(alike.item(), rel=1e-3)
    longer = [torch.cat([signal, torch.ones(1, 1, 100)], dim=-1) for signal in (2 * output, 2 * target)]
    assert TERMS["soft_esr"](*longer).item() == pytest.approx(alike.item(), rel=1e-3)


@pytest.mark.parametrize("term", TERMS)
def test_silence_has_a_finite_loss(term):
    silence = torch.zeros(2, 1, 4096)
    assert math.isfinite(WeightedLoss(**{term: 1.0})(silence, silence).item())


def test_what_is_not_a_loss_is_refused():
    with pytest.raises(InputError, match=r"unknown terms \['mae'\]; known are mse, esr"):
        WeightedLoss(mae=1.0)
    with pytest.raises(InputError, match="give a weight above 0"):
        WeightedLoss(mse=0.0)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_no_number_stops_the_run_with_what_to_do(value):
    with pytest.raises(
        FloatingPointError, match=rf"diverged \(loss is {value}\); lower training.optimizer.lr"
    ):
        require_finite(torch.tensor(value))
    assert require_finite(torch.tensor(2.0)) == 2
