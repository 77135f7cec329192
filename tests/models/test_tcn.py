"""Temporal convolutional networks: their counts and reach, and what cannot be built."""

import pytest
from streams import assert_plays_exactly, seeded

from voxnas.kernels.build import Unavailable, load
from voxnas.models.build import build
from voxnas.utils.errors import InputError


def test_counts_by_hand():
    network = build({"type": "TCN", "channels": 4, "num_layers": 3, "kernel_size": 5, "dilation_base": 10})
    macs = (4 * 5 + 4) + 2 * (4 * 4 * 5 + 4 * 4) + 4
    assert network.macs_per_sample == macs
    assert network.num_parameters == macs + 3 * (4 + 4) + 1  # biases and slopes, the output's bias
    assert network.receptive_field == 1 + 4 * (1 + 10 + 100)
    assert network.summary() == {"num_layers": 3, "channels": 4, "kernel_size": 5}


@pytest.mark.parametrize("sizes", [[1, 5, 64, 1000, 3], [70, 128, 512]])
def test_it_plays_natively_at_any_block_length(sizes: list[int]):
    try:
        load("graph_stream.cpp")
    except Unavailable as reason:
        pytest.skip(str(reason))
    assert_plays_exactly(seeded(type="TCN", channels=5, kernel_size=7, dilation_base=7), sizes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"channels": 0}, "whole numbers from 1"),
        ({"dilation_base": 2.5}, "whole numbers from 1"),
        ({"activation": "Sine"}, "unknown activation 'Sine'"),
        ({"hidden_size": 3}, "hidden_size"),
    ],
)
def test_what_cannot_be_built_is_said_in_one_line(arguments: dict, message: str):
    with pytest.raises(InputError, match=message) as error:
        build({"type": "TCN", **arguments})
    assert "\n" not in str(error.value)
