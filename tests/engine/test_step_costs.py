"""Steps are timed one by one: what costs more is told to, and programs are what was asked for."""

import pytest
from hypothesis import given, settings
from programs import conv, programs

from voxnas.engine.step_costs import Form, _repeated, forms, step_costs, time_program
from voxnas.kernels.build import Unavailable, load
from voxnas.kernels.graph import Step
from voxnas.kernels.graph_check import check_program

try:
    load("graph_stream.cpp")
except Unavailable as reason:
    pytest.skip(str(reason), allow_module_level=True)

FORMS = [
    Form("conv", 4, 4, kernel_size=7, relu=True),
    Form("conv", 12, 5, rate=4, kernel_size=2, stride=2),
    Form("max_pool", 3, 3, rate=2, kernel_size=3, dilation=2),
    Form("avg_pool", 3, 3, rate=2, kernel_size=3, stride=2),
    Form("upsample", 6, 4, rate=2, kernel_size=2),
    Form("add", 4, 4, rate=2),
]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.kind)
def test_a_form_is_timed_in_a_program_that_has_it_so_often(form: Form):
    steps = _repeated(form, 10)
    check_program(steps)
    if form.kind == "add":
        assert [len(step.inputs) for step in steps if step.kind == "add"] == [10]
    else:
        assert forms(steps).count(form) == 10


def test_multiply_adds_are_those_per_sample_of_the_input():
    assert Form("conv", 3, 4, rate=2, kernel_size=5, stride=2).macs == 3 * 4 * 5 / 2
    assert Form("upsample", 3, 4, rate=1, kernel_size=5).macs == 3 * 4 * 5
    assert Form("max_pool", 3, 3, rate=4, kernel_size=3).macs == 9 / 4


@settings(max_examples=20)
@given(steps=programs())
def test_forms_are_the_steps_without_weights(steps: list[Step]):
    found = forms(steps)
    rates = [1, *(step.rate for step in steps)]
    for step, form in zip(steps, found, strict=True):
        assert (form.kind, form.channels, form.rate) == (step.kind, step.channels, step.rate)
        assert form.input_rate == rates[step.inputs[0]]
        if step.kind == "conv":
            assert form.inputs == step.weight.shape[1]


def test_ten_times_the_work_costs_more():
    small, large = step_costs(
        [Form("conv", 8, 8, kernel_size=1), Form("conv", 16, 16, kernel_size=7)], min_seconds=0.02
    )
    assert 0 < small < large


def test_a_longer_program_takes_longer():
    def stack(layers: int) -> list[Step]:
        inner = [conv(n, 16, 16, kernel_size=3) for n in range(1, layers + 1)]
        return [conv(0, 1, 16), *inner, conv(layers + 1, 16, 1)]

    assert time_program(stack(2)) < time_program(stack(40))
