"""Knobs and switches: what a network hears of a value on the panel, and what is refused."""

import pytest

from voxnas.models.controls import Control, as_controls, encode
from voxnas.utils.errors import InputError


def test_a_knob_is_heard_from_0_to_1():
    knob = Control("drive", 0, 10)
    assert [knob.encode(value)[0] for value in (0, 2.5, "10")] == [0, 0.25, 1]
    assert knob.at_rest == 5
    assert knob.positions(5) == [0, 2.5, 5, 7.5, 10]


def test_equal_turns_of_a_log_knob_are_equal_ratios():
    knob = Control("freq", 20, 2000, "log")
    assert knob.encode(200) == [pytest.approx(0.5)]
    assert knob.positions(3) == pytest.approx([20, 200, 2000])


def test_a_switch_is_heard_by_its_place_and_swept_by_its_positions():
    switch = Control("mode", options=("clean", "crunch", "lead"))
    assert [switch.encode(option) for option in switch.options] == [[0, 0], [1, 0], [0, 1]]
    assert switch.inputs == 2
    assert switch.positions(7) == ["clean", "crunch", "lead"]


def test_a_setting_is_all_controls_those_left_out_at_rest():
    controls = as_controls(
        [{"name": "drive", "low": 0, "high": 10, "default": 2}, {"name": "bright", "options": ["off", "on"]}]
    )
    assert encode(controls, {}) == [0.2, 0]
    assert encode(controls, {"bright": "on"}) == [0.2, 1]
    assert as_controls([control.as_values() for control in controls]) == as_controls(
        [
            {"name": "drive", "low": 0, "high": 10, "default": 2},
            {"name": "bright", "options": ["off", "on"], "default": "off"},
        ]
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": "my knob"}, "a word of letters"),
        ({"name": "a", "low": 3, "high": 3}, "no way up"),
        ({"name": "a", "low": "x"}, "ends are numbers"),
        ({"name": "a", "taper": "log"}, "log between ends above 0"),
        ({"name": "a", "options": ["one"]}, "two positions or more"),
        ({"name": "a", "options": "on"}, "options is a list"),
        ({"name": "a", "range": 3}, "unknown range"),
        ({"name": "a", "default": 7}, "goes from 0 to 1"),
        ({}, "has a name"),
        (3, "has a name"),
    ],
)
def test_what_can_be_no_control_is_refused_by_name(values, message):
    with pytest.raises(InputError, match=message):
        Control.of(values)


def test_two_controls_of_one_name_are_refused():
    with pytest.raises(InputError, match="two controls are called drive"):
        as_controls([Control("drive"), Control("drive")])
