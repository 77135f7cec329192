"""Images of one setting taken together say more than each, and are not too sure of it."""

import numpy as np
import pytest
import torch

from voxnas.problems.spectral.losses import estimates
from voxnas.problems.spectral.together import common_error, estimates_together, together
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


def performances(shared: float, own: float, settings: int = 100, images: int = 8):
    """Images of many settings, whose errors have a part that all of a setting share and one of each."""
    rng = np.random.default_rng(0)
    truth = np.repeat(rng.uniform(0.3, 0.7, settings), images)
    errors = np.repeat(rng.normal(0, shared, settings), images) + rng.normal(0, own, settings * images)
    return seen(list(truth + errors), 0.1), torch.tensor(truth, dtype=torch.float32)[:, None]


@pytest.mark.parametrize("shared", [0.0, 0.05, 0.1])
def test_the_error_that_images_of_a_setting_share_is_found_in_whatever_order_they_come(shared):
    output, truth = performances(shared, own=0.05)
    order = torch.randperm(len(output), generator=torch.Generator().manual_seed(0))
    found = float(common_error(output[order], truth[order], [KNOB], "steps"))
    assert found == pytest.approx(shared, abs=0.02)


def test_with_it_truth_is_within_two_deviations_however_many_images_there_are():
    output, truth = performances(0.05, own=0.05, images=32)
    setting = torch.arange(100).repeat_interleave(32)
    common = common_error(output, truth, [KNOB], "steps")
    for kept in (slice(None, None, 32), slice(None, None, 4), slice(None)):
        given = output[kept], setting[kept], [KNOB], "steps"
        mean, deviation = estimates_together(*given, common)
        assert ((mean - truth[::32]).abs() <= 2 * deviation).float().mean() >= 0.93
    without = estimates_together(*given)[1]
    assert ((mean - truth[::32]).abs() <= 2 * without).float().mean() < 0.93


def test_of_settings_with_an_image_each_or_of_few_nothing_is_known():
    for settings, images in ((100, 1), (4, 8)):
        output, truth = performances(0.1, own=0.05, settings=settings, images=images)
        assert common_error(output, truth, [KNOB], "steps").tolist() == [0.0]
