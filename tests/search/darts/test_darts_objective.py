"""What the choices are pressed by beside the loss."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from voxnas.search.darts.objective import Schedule, beta_decay, entropy
from voxnas.search.darts.supernet import Choices


def table(logits: list[list[float]]) -> Choices:
    made = Choices([str(i) for i in range(len(logits))], [str(i) for i in range(len(logits[0]))])
    with torch.no_grad():
        made.logits.copy_(torch.tensor(logits))
    return made


@given(st.floats(0.01, 10), st.floats(0.01, 10), st.floats(0, 1))
def test_a_schedule_starts_and_ends_as_told_and_stays_between(start, end, progress):
    schedule = Schedule(start, end)
    assert schedule.at(0.0) == pytest.approx(start)
    assert schedule.at(1.0) == schedule.at(2.0) == pytest.approx(end)
    low, high = sorted((start, end))
    assert low * (1 - 1e-9) <= schedule.at(progress) <= high * (1 + 1e-9)


def test_beta_decay_is_the_mean_of_the_smooth_maxima():
    two = [table([[0.0, 0.0], [1.0, 2.0]]), table([[3.0, 3.0, 3.0]])]
    expected = (math.log(2) + math.log(math.e + math.e**2) + 3 + math.log(3)) / 3
    assert beta_decay(two).item() == pytest.approx(expected)


def test_its_gradient_pushes_each_choice_down_by_its_probability():
    choices = table([[0.5, -1.0, 2.0]])
    beta_decay([choices]).backward()
    assert torch.allclose(choices.logits.grad, choices.probabilities())


def test_entropy_is_one_at_first_and_falls_with_certainty_and_temperature():
    assert entropy([table([[0.0] * 4, [0.0] * 4])]) == pytest.approx(1.0)
    assert entropy([table([[1e4, 0.0]])]) == pytest.approx(0.0)
    undecided = [table([[1.0, 0.0], [0.0, 2.0]]), table([[7.0]])]  # a single option decides nothing
    assert entropy(undecided, 0.3) < entropy(undecided, 1.0) < 1


def test_a_draw_is_one_option_and_options_come_as_often_as_they_are_probable():
    choices = table([[0.0, math.log(3)]])
    torch.manual_seed(0)
    draws = torch.stack([choices.sample() for _ in range(2000)]).detach()
    assert ((draws == 0) | ((draws - 1).abs() < 1e-6)).all()
    assert draws.mean(0)[0, 1].item() == pytest.approx(0.75, abs=0.03)
    choices.sample()[0, 0].backward()
    assert choices.logits.grad.abs().sum() > 0
