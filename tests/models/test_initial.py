"""What a WaveNet's weights start from."""

import pytest
import torch

from voxnas.models.conv import CausalConv
from voxnas.models.initial import GAIN, alternate, orthogonal
from voxnas.models.wavenet import WaveNet

ARRAYS = [
    {"channels": 4, "dilations": [1, 2, 4], "kernel_size": 3, "head_size": 2, "gating": "gated"},
    {"channels": 2, "dilations": [1, 2], "kernel_size": 6, "head1x1_channels": 2, "bottleneck": 1},
]


def gram(rows):
    return rows @ rows.T


@pytest.mark.parametrize(("inputs", "outputs", "kernel_size"), [(4, 4, 3), (2, 8, 5), (8, 2, 1), (1, 1, 1)])
def test_rows_are_orthogonal_and_as_long_as_uniform_ones(inputs, outputs, kernel_size):
    convolution = CausalConv(inputs, outputs, kernel_size)
    orthogonal(convolution)
    rows = convolution.weight.detach().flatten(1)
    torch.testing.assert_close(gram(rows), GAIN**2 * torch.eye(outputs), atol=1e-6, rtol=0)


def test_where_rows_cannot_be_orthogonal_columns_are():
    convolution = CausalConv(2, 6)
    orthogonal(convolution)
    columns = convolution.weight.detach().flatten(1).T
    torch.testing.assert_close(gram(columns), GAIN**2 * torch.eye(2), atol=1e-6, rtol=0)


def test_each_group_is_orthogonal_by_itself():
    convolution = CausalConv(4, 4, 3, groups=2)
    orthogonal(convolution)
    for rows in convolution.weight.detach().flatten(1).chunk(2):
        torch.testing.assert_close(gram(rows), GAIN**2 * torch.eye(2), atol=1e-6, rtol=0)


def test_what_leads_from_one_array_to_the_next_keeps_the_level():
    first, second = WaveNet(ARRAYS).arrays
    rows = second.rechannel.weight.detach().flatten(1)
    torch.testing.assert_close(gram(rows), torch.eye(2), atol=1e-6, rtol=0)
    assert first.rechannel.weight.shape[1] == 1


def test_signs_take_turns():
    weight = torch.empty(5, 1, 1)
    alternate(weight, 0)
    assert weight.sign().flatten().tolist() == [-1, 1, -1, 1, -1]
    assert (weight.abs() >= 0.5).all()
    assert (weight.abs() <= 1).all()
    alternate(weight, 1)
    assert weight.sign().flatten().tolist() == [1, -1, 1, -1, 1]


def test_a_wavenet_of_any_kind_starts_with_small_biases_and_by_its_seed():
    draws = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        draws.append(WaveNet(ARRAYS).state_dict())
    same, again, other = draws
    assert all(torch.equal(same[name], again[name]) for name in same)
    for name, value in same.items():
        assert not torch.equal(value, other[name]), name
        if name.endswith("bias"):
            assert value.abs().max() <= 0.01


def test_on_the_meta_device_nothing_is_drawn():
    state = torch.get_rng_state()
    with torch.device("meta"):
        WaveNet(ARRAYS)
    assert torch.equal(torch.get_rng_state(), state)
