"""Images of one setting taken together say more than each, and are not too sure of it."""

import pytest
import torch

from voxnas.problems.spectral.losses import estimates
from voxnas.problems.spectral.together import together
from voxnas.problems.spectral.vimh.knobs import Knob

KNOB = Knob("drive", 0.0, 1.0, 0.1)
PLACES = torch.linspace(0, 1, KNOB.classes)


def seen(values: list[float], width: float = 0.2) -> torch.Tensor:
    return -((PLACES - torch.tensor(values)[:, None]) ** 2) / (2 * width**2)


def told(output: torch.Tensor, *arguments) -> tuple[float, float]:
    one = torch.zeros(len(output), dtype=torch.long)
    mean, deviation = estimates(together(output, one, "steps", *arguments), [KNOB], "steps")
    return float(mean), float(deviation)


def test_many_images_agree_on_their_middle_and_are_surer_as_the_root_of_the_root_of_their_number():
    alone, sure_alone = told(seen([0.5]))
    joined, sure = told(seen([0.4, 0.6] * 8))
    assert alone == pytest.approx(joined, abs=1e-6)
    assert sure == pytest.approx(sure_alone / 2, rel=0.05)  # 16 images count as 4


def test_what_overlaps_counts_less_and_an_image_never_less_than_one():
    assert told(seen([0.5] * 4), 0.25) == pytest.approx(told(seen([0.5])))
    assert told(seen([0.5] * 2), 0.1) == pytest.approx(told(seen([0.5])))


def test_an_image_that_can_tell_outweighs_one_that_cannot():
    clear, vague = seen([0.3], 0.05), seen([0.9], 5.0)
    assert told(torch.cat([clear, vague]))[0] == pytest.approx(0.3, abs=0.02)


def test_settings_are_told_each_from_its_own_images():
    output, setting = seen([0.2, 0.8, 0.2, 0.8]), torch.tensor([0, 1, 0, 1])
    mean, _ = estimates(together(output, setting, "steps"), [KNOB], "steps")
    assert mean[1, 0] - mean[0, 0] > 0.4
    assert together(torch.tensor([[1.0], [3.0]]), torch.tensor([0, 0]), "value").item() == 2.0
