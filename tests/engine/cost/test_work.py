"""The steps of the plug-in's engine, counted by hand on small networks."""

from hypothesis import given
from hypothesis import strategies as st

from voxnas.engine.cost.steps import BUILDS, PLAIN, WITH_EXP
from voxnas.engine.cost.work import wavenet_work as work
from voxnas.models.layer_array import LayerArray

ACTIVATIONS = sorted(PLAIN | WITH_EXP)


def array(channels, layers, kernel_size=3, head_size=1, **others):
    dilations = [2**i for i in range(layers)]
    return LayerArray.of(channels, dilations, kernel_size, head_size=head_size, **others)


def test_one_layer_by_hand():
    steps = work([array(6, 1)], BUILDS["default"])
    assert steps == {
        "tap: product": 3,
        "tap: single input": 3 * 2,  # six inputs are four and two
        "tap: weight": 3 * 36,
        "tap: strip of 4": 3 * 6,  # six outputs are a strip of four and two rows
        "tap: strip of 1": 3 * 12,
        "1x1: product": 4,  # rechannel, condition, residual, head
        "1x1: single input": 1 + 1 + 2 + 2,
        "1x1: weight": 6 + 6 + 36 + 6,
        "1x1: strip of 4": 1 + 1 + 6,
        "1x1: strip of 1": 2 + 2 + 12 + 6,
        "layer": 1,
        "channel": 6,
        "Tanh": 6,
    }


def test_a_gated_layer_has_twice_the_outputs_and_is_activated_in_strips():
    steps = work([array(21, 1, kernel_size=1, gating="gated")], BUILDS["avx512"])
    assert steps["tap: weight"] == 42 * 21
    assert (steps["tap: strip of 16"], steps["tap: strip of 8"], steps["tap: strip of 1"]) == (42, 21, 42)
    assert (steps["gate: strip of 16"], steps["gate: strip of 4"]) == (1, 1)
    assert steps["gate: exponential row"] == 1
    assert steps["Tanh"] == 0


@given(
    channels=st.integers(1, 32),
    layers=st.integers(1, 12),
    kernel_size=st.integers(2, 16),
    activation=st.sampled_from(ACTIVATIONS),
    gated=st.booleans(),
    build=st.sampled_from(sorted(BUILDS)),
)
def test_steps_add_up(channels, layers, kernel_size, activation, gated, build):
    one = {"kernel_size": kernel_size, "activation": activation, "gating": "gated" if gated else "none"}
    steps = work([array(channels, layers, **one)], BUILDS[build])
    further = work([array(channels, layers + 1, **one)], BUILDS[build])
    assert all(count > 0 for count in steps.values())
    assert all(further[step] >= count for step, count in steps.items())
    rows = {step: int(step.split()[-1]) for step in steps if step.startswith("tap: strip")}
    outputs = channels * (2 if gated else 1)
    assert sum(width * steps[step] for step, width in rows.items()) == (
        layers * kernel_size * outputs * channels
    )
    assert steps["tap: weight"] == layers * kernel_size * outputs * channels


def test_dilations_do_not_matter_and_every_tap_of_a_head_does():
    build = BUILDS["default"]
    assert work([LayerArray.of(4, [1, 2])], build) == work([LayerArray.of(4, [512, 9])], build)
    one, four = (
        work([LayerArray.of(4, [1], head_kernel_size=taps)], build)["tap: product"] for taps in (1, 4)
    )
    assert four == one + 3
