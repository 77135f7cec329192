"""A program that cannot be is refused with the step and the rule, before anything is made of it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from programs import conv, programs, upsample

from voxnas.kernels.graph import Step
from voxnas.kernels.graph_check import check_program
from voxnas.utils.errors import InputError

DOWN = Step("avg_pool", (0,), 1, 2, stride=2)


def film(signal: int, controls: int) -> Step:
    return Step("film", (signal,), 1, 1, weight=np.ones((2, 1, controls), np.float32))


@given(steps=programs())
def test_programs_as_they_are_meant_pass(steps: list[Step]):
    check_program(steps)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([], "there is no step"),
        ([conv(0, 1, 2)], "ends with 2 channels at rate 1"),
        ([DOWN], "ends with 1 channels at rate 2"),
        ([replace(DOWN, kind="median")], "step 0, 'median': the kind is unknown"),
        ([DOWN, replace(DOWN, inputs=(2,), rate=4)], "step 1, 'avg_pool': signal 2 is not made before it"),
        ([replace(DOWN, inputs=(-1,))], "signal -1"),
        ([replace(DOWN, inputs=(False,))], "signal False"),
        ([replace(DOWN, inputs=())], "no input"),
        ([replace(DOWN, inputs=(0, 0))], "one input, not 2"),
        ([replace(DOWN, rate=1)], "rate is 2, not 1"),
        ([replace(DOWN, stride=3)], "stride is 1 or 2, not 3"),
        ([replace(DOWN, kernel_size=0)], "kernel_size is a whole number from 1, not 0"),
        ([replace(DOWN, dilation=1.5)], "dilation is a whole number"),
        ([replace(DOWN, channels=True)], "channels is a whole number"),
        ([replace(DOWN, channels=2)], "has 1 channels, not 2"),
        ([replace(DOWN, relu=True)], "ReLU follows a convolution"),
        ([replace(DOWN, weight=np.ones(1, np.float32))], "no weights"),
        ([DOWN, Step("add", (0, 1), 1, 1)], "of one rate, not 1 at rate 1, 1 at rate 2"),
        ([DOWN, Step("concat", (0, 1), 2, 1)], "of one rate"),
        ([conv(0, 1, 2), Step("add", (0, 1), 1, 1)], "as many channels"),
        ([conv(0, 1, 2), Step("concat", (0, 1), 2, 1)], "has 3 channels, not 2"),
        ([Step("add", (0, 0), 1, 1, kernel_size=2)], "no kernel"),
        ([Step("add", (0, 0), 1, 1, dilation=2)], "neither stride nor dilation"),
        ([upsample(0, 1, 1, rate=1)], "no higher rate"),
        ([DOWN, replace(upsample(1, 1, 1, rate=1), dilation=2)], "neither stride nor dilation"),
        ([DOWN, replace(upsample(1, 1, 1, rate=1), rate=2)], "rate is 1, not 2"),
        ([DOWN, replace(upsample(1, 1, 1, 1), weight=np.ones((1, 1, 1), np.float32))], r"\(2, 1, 1, 1\)"),
        ([replace(conv(0, 1, 1), weight=None)], "weight is float32"),
        ([replace(conv(0, 1, 1), weight=np.ones((1, 1, 1)))], r"not float64 \(1, 1, 1\)"),
        ([replace(conv(0, 1, 1), weight=np.ones((1, 2, 1), np.float32))], "weight is float32"),
        ([replace(conv(0, 1, 1), bias=np.ones(2, np.float32))], "bias is float32"),
        ([Step("activation", (0,), 1, 1)], "an activation, and no other, has one"),
        ([replace(conv(0, 1, 1), activation="Tanh")], "an activation, and no other, has one"),
        ([Step("activation", (0,), 1, 1, activation="Sine")], "the activation Sine is unknown"),
        ([Step("activation", (0, 0), 1, 1, activation="Tanh")], "one input, not 2"),
        ([Step("activation", (0,), 1, 1, activation="PReLU")], "weight is float32"),
        ([Step("film", (0,), 1, 1)], "weight is float32"),
        ([film(0, 2), film(1, 3)], "films follow as many controls each"),
        ([replace(film(0, 2), bias=np.ones(1, np.float32))], "no bias"),
        (
            [Step("activation", (0,), 1, 1, activation="Tanh", weight=np.ones(1, np.float32))],
            "PReLU alone has weights",
        ),
    ],
)
def test_what_cannot_be_is_named(steps: list[Step], said: str):
    with pytest.raises(InputError, match=said) as raised:
        check_program(steps)
    assert "\n" not in str(raised.value)
