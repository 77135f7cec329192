"""Losses of knobs, each at answers whose worth is known."""

import math

import numpy as np
import pytest
import torch

from voxnas.problems.spectral.knob_figures import all_within_step, confusion, knob_figures
from voxnas.problems.spectral.losses import ON_STEPS, ON_VALUES, KnobLoss, estimates
from voxnas.problems.spectral.vimh.knobs import Knob
from voxnas.utils.errors import InputError

KNOBS = (Knob("drive", 0.0, 1.0, 0.1), Knob("tone", -1.0, 1.0, 0.5))


def logits(*steps: int) -> torch.Tensor:
    """Outputs that are sure of a step of each knob."""
    parts = [torch.full((1, knob.classes), -20.0) for knob in KNOBS]
    for part, step in zip(parts, steps, strict=True):
        part[0, step] = 20.0
    return torch.cat(parts, dim=1)


def loss(kind: str, **more) -> KnobLoss:
    made = KnobLoss(kind, **more)
    made.follow(KNOBS)
    return made


@pytest.mark.parametrize("kind", ON_STEPS)
def test_the_right_step_is_better_than_the_next_and_that_better_than_the_last_on_ordered_losses(kind):
    target = torch.tensor([[0.3, 0.5]])
    right, near, far = (float(loss(kind)(logits(step, 2), target)) for step in (3, 4, 10))
    assert right < near
    if kind in ("soft", "cross_entropy"):  # which know no order
        assert near == pytest.approx(far)
    else:
        assert near < far


@pytest.mark.parametrize(("kind", "worth"), [("mse", 0.05), ("l1", 0.3), ("huber", 0.025)])
def test_losses_of_values_are_those_of_a_calculation_by_hand(kind, worth):
    output = torch.logit(torch.tensor([[0.5, 0.9]]))
    assert float(loss(kind)(output, torch.tensor([[0.2, 0.8]]))) == pytest.approx(
        {"mse": (0.09 + 0.01) / 2, "l1": (0.3 + 0.1) / 2, "huber": (0.045 + 0.005) / 2}[kind], rel=1e-5
    )
    assert worth > 0


def test_a_weight_counts_a_knob_more():
    target = torch.tensor([[0.0, 0.5]])
    wrong_drive = logits(10, 2)
    assert loss("ordinal", knob_weights={"drive": 9})(wrong_drive, target) > loss("ordinal")(
        wrong_drive, target
    )
    with pytest.raises(InputError, match="no such knob; there are drive, tone"):
        loss("soft", knob_weights={"gain": 2})


@pytest.mark.parametrize(("kind", "spread"), [("soft", 0.048), ("bell", 0.075)])
def test_a_minimum_reads_as_the_value_between_two_steps(kind, spread):
    output = torch.zeros(1, 16, requires_grad=True)
    target = torch.tensor([[0.437, 0.44]])
    optimizer = torch.optim.Adam([output], lr=0.1)
    for _ in range(600):
        optimizer.zero_grad()
        loss(kind)(output, target).backward()
        optimizer.step()
    mean, deviation = estimates(output.detach(), KNOBS, "steps")
    assert mean[0].tolist() == pytest.approx(target[0].tolist(), abs=0.02)
    assert float(deviation[0, 0]) == pytest.approx(spread, abs=0.01)  # in shares


def test_estimates_are_mean_and_deviation_of_the_steps():
    output = torch.full((1, 16), -30.0)
    output[0, [2, 4]] = 10.0  # drive .2 or .4
    output[0, 11 + 1] = 30.0  # tone -.5
    mean, deviation = estimates(output, KNOBS, "steps")
    assert mean[0].tolist() == pytest.approx([0.3, 0.25], abs=1e-4)
    assert deviation[0].tolist() == pytest.approx([0.1, 0.0], abs=1e-4)


def test_a_loss_of_the_other_kind_of_head_is_refused():
    with pytest.raises(InputError, match=r"needs model\.heads=value"):
        loss("mse")(torch.zeros(1, 16), torch.zeros(1, 2))
    with pytest.raises(InputError, match="one of soft"):
        KnobLoss("best")
    assert not set(ON_STEPS) & set(ON_VALUES)


def test_a_knob_that_leaves_no_trace_cannot_be_told_and_one_that_does_can():
    rng = np.random.default_rng(0)
    truth = rng.uniform(size=(400, 2))
    told = np.stack([truth[:, 0] + rng.normal(0, 0.03, 400), rng.uniform(0.4, 0.6, 400)], axis=1)
    figures = knob_figures(KNOBS, told, np.full((400, 2), 0.03), truth, np.array([0.5, 0.5]))
    assert [one["told"] for one in figures] == [True, False]
    assert figures[0]["mae"] == pytest.approx(0.03 * math.sqrt(2 / math.pi), rel=0.1)
    assert figures[0]["guess_mae"] == pytest.approx(0.25, rel=0.1)
    assert figures[0]["coverage"] == pytest.approx(0.95, abs=0.03)
    assert figures[0]["within_step"] > 0.99
    assert all_within_step(figures, told, truth) == figures[0]["within_step"]
    counts = confusion(KNOBS[0], told[:, 0], truth[:, 0])
    assert counts.sum() == 400
    assert np.trace(counts) > 250
