"""Chains of convolutions: their counts by hand, and what they compute."""

import numpy as np
import pytest
import torch
from streams import clip, seeded

from voxnas.models.build import build
from voxnas.utils.errors import InputError


def test_a_conv_net_by_hand():
    network = build({"type": "ConvNet", "channels": 3, "dilations": [1, 4, 2], "kernel_size": [2, 3, 1]})
    macs = 1 * 3 * 2 + 3 * 3 * 3 + 3 * 3 * 1 + 3
    assert network.macs_per_sample == macs
    assert network.num_parameters == macs + 3 * 3 + 1  # and the biases
    assert network.receptive_field == 1 + 1 * 1 + 2 * 4 + 0
    assert network.summary() == {"num_layers": 3, "channels": 3, "kernel_size": 3}


def test_slopes_that_are_learnt_count_as_parameters_and_not_as_multiply_adds():
    plain, learning = (
        build({"type": "ConvNet", "channels": 5, "dilations": [1, 2], "activation": activation})
        for activation in ("ReLU", "PReLU")
    )
    assert learning.num_parameters == plain.num_parameters + 2 * 5
    assert learning.macs_per_sample == plain.macs_per_sample


@pytest.mark.parametrize("bias", [False, True])
def test_linear_by_hand(bias: bool):
    network = build({"type": "Linear", "taps": 7, "bias": bias})
    assert (network.macs_per_sample, network.num_parameters, network.receptive_field) == (7, 7 + bias, 7)


@torch.no_grad()
def test_linear_is_an_impulse_response():
    network = seeded(type="Linear", taps=9, bias=True).double()
    weight, bias = (parameter.flatten().numpy() for parameter in network.parameters())
    x = clip(100).astype(np.float64)
    y = network(torch.from_numpy(x)[None, None])[0, 0].numpy()
    np.testing.assert_allclose(y, np.convolve(x, weight[::-1], "valid") + bias, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"type": "ConvNet", "dilations": []}, "whole numbers from 1"),
        ({"type": "ConvNet", "dilations": [0]}, "whole numbers from 1"),
        ({"type": "ConvNet", "channels": 1.5}, "whole numbers from 1"),
        ({"type": "ConvNet", "dilations": [1, 2], "kernel_size": [2]}, "1 entries for 2 layers"),
        ({"type": "ConvNet", "activation": "GELU"}, "'GELU'"),
        ({"type": "ConvNet", "taps": 3}, "taps"),
        ({"type": "Linear", "taps": 0}, "whole number from 1"),
    ],
)
def test_what_cannot_be_built_is_said_in_one_line(arguments: dict, message: str):
    with pytest.raises(InputError, match=message) as error:
        build(arguments)
    assert "\n" not in str(error.value)
