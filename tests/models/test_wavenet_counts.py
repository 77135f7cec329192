"""Parameters, multiply-adds and receptive fields against counts by hand and the published shapes."""

import pytest

from voxnas.models.build import build
from voxnas.models.layer_array import LayerArray
from voxnas.models.wavenet import WaveNet, stack
from voxnas.utils.errors import InputError

POWERS = [2**i for i in range(10)]
LITE = (POWERS[:7], POWERS[7:] + POWERS)
A2_BLOCK = [1, 3, 7, 17, 41, 101, 239]


def two_arrays(channels: tuple[int, int], dilations: tuple[list[int], list[int]]) -> WaveNet:
    """The plug-in trainer's presets."""
    first = LayerArray.of(channels[0], dilations[0], head_size=channels[1], head_bias=False)
    return WaveNet([first, LayerArray.of(channels[1], dilations[1])])


# weights in a file are the parameters and the head scale
@pytest.mark.parametrize(
    ("channels", "dilations", "weights"),
    [((16, 8), (POWERS, POWERS), 13802), ((12, 6), LITE, 6554), ((8, 4), LITE, 3026), ((4, 2), LITE, 842)],
    ids=["standard", "lite", "feather", "nano"],
)
def test_presets(channels, dilations, weights):
    network = two_arrays(channels, dilations)
    assert network.num_parameters + 1 == weights
    assert network.receptive_field == 4093


@pytest.mark.parametrize(("channels", "weights"), [(3, 1871), (8, 12146)])
def test_a2(channels, weights):
    array = LayerArray.of(
        channels,
        A2_BLOCK * 2 + [1, 13] + A2_BLOCK,
        kernel_size=[6] * 14 + [15] * 2 + [6] * 7,
        activation="LeakyReLU",
        head_kernel_size=16,
    )
    network = WaveNet([array], head_scale=0.01)
    assert network.num_parameters + 1 == weights
    assert network.receptive_field == 6347


def test_plain_stack_by_hand():
    network = stack(num_layers=2, channels=4, kernel_size=3)
    layer = 4 * 4 * 3 + 4 + 4 * 4  # convolution, input mix-in, residual
    macs = 4 + 2 * layer + 4  # rechannel, layers, head
    assert network.macs_per_sample == macs == 144
    assert network.num_parameters == macs + 2 * (4 + 4) + 1  # and the biases
    assert network.receptive_field == 1 + 2 * 1 + 2 * 2


def test_gated_head_kernel_and_per_layer_kernels_by_hand():
    array = LayerArray.of(3, [1, 5], kernel_size=[2, 4], gating=["gated", "none"], head_kernel_size=7)
    network = WaveNet([array])
    gated = 6 * 3 * 2 + 6 + 3 * 3
    plain = 3 * 3 * 4 + 3 + 3 * 3
    macs = 3 + gated + plain + 3 * 7
    assert network.macs_per_sample == macs == 123
    assert network.num_parameters == macs + (6 + 3) + (3 + 3) + 1
    assert network.receptive_field == 1 + 1 * 1 + 3 * 5 + 6


def test_bottleneck_groups_and_head_1x1_by_hand():
    array = LayerArray.of(
        6, [1, 5], kernel_size=3, bottleneck=4, groups_input=2, layer1x1_groups=2, head1x1_channels=2
    )
    network = WaveNet([array])
    layer = 4 * 3 * 3 + 4 + 6 * 2 + 2 * 4  # convolution, input mix-in, residual, head 1×1
    macs = 6 + 2 * layer + 2  # rechannel, layers, head
    assert network.macs_per_sample == macs == 128
    assert network.num_parameters == macs + 2 * (4 + 6 + 2) + 1
    assert network.receptive_field == 1 + 2 * 1 + 2 * 5


def test_slopes_and_gates_without_a_residual_by_hand():
    array = LayerArray.of(
        3,
        [8, 1],
        activation="PReLU",
        gating=["blended", "none"],
        secondary_activation="PReLU",
        layer1x1=False,
    )
    network = WaveNet([array])
    macs = 3 + (6 * 3 * 3 + 6) + (3 * 3 * 3 + 3) + 3
    assert network.macs_per_sample == macs == 96
    assert (
        network.num_parameters == macs + 6 + 3 + 1 + 3 * 3
    )  # biases, and two slopes in one layer, one in the other
    assert network.receptive_field == 1 + 2 * 8  # of the layer that looks back furthest, since none add up


@pytest.mark.parametrize(("layers", "samples"), [(5, 63), (6, 127), (7, 255), (8, 511), (9, 1023)])
def test_receptive_field_of_doubling_dilations(layers, samples):
    assert stack(layers, 2).receptive_field == samples


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"layer_arrays": []}, "at least one"),
        ({"layer_arrays": [{"channels": 2, "dilations": []}]}, "whole numbers from 1"),
        ({"layer_arrays": [{"channels": 2, "dilations": [-1]}]}, "whole numbers from 1"),
        ({"layer_arrays": [{"channels": 2.5, "dilations": [1]}]}, "whole numbers from 1"),
        (
            {"layer_arrays": [{"channels": 2, "dilations": [1, 2], "kernel_size": [3]}]},
            "1 entries for 2 layers",
        ),
        ({"layer_arrays": [{"channels": 2, "dilations": [1], "activation": "GELU"}]}, "'GELU'"),
        ({"layer_arrays": [{"channels": 2, "dilations": [1], "head_size": 2}]}, "head_size is 1"),
        ({"layer_arrays": [{"channels": 2, "dilations": [1], "heads": 2}]}, "heads"),
        (
            {"layer_arrays": [{"channels": 4, "dilations": [1], "groups_input": 3}]},
            "3 groups do not divide 4",
        ),
        (
            {"layer_arrays": [{"channels": 4, "dilations": [1], "bottleneck": 3, "layer1x1_groups": 2}]},
            "2 groups do not divide 3",
        ),
        (
            {
                "layer_arrays": [
                    {"channels": 4, "dilations": [1], "head_size": 2},
                    {"channels": 2, "dilations": [1], "bottleneck": 3},
                ]
            },
            "3 channels in its head's sum",
        ),
        ({"layer_arrays": [{"channels": 4, "dilations": [1], "gating": "mixed"}]}, "none, gated, blended"),
    ],
)
def test_what_cannot_be_built_is_said_in_one_line(arguments, message):
    with pytest.raises(InputError, match=message) as error:
        build({"type": "WaveNet", **arguments})
    assert "\n" not in str(error.value)


def test_an_unknown_type_is_refused_by_name():
    with pytest.raises(InputError, match="'Perceptron'"):
        build({"type": "Perceptron"})


@pytest.mark.parametrize(
    ("dilation", "segments"), [(1, (8, 8192)), (8191, (8, 8192)), (8192, (2, 32768)), (20000, (1, 65536))]
)
def test_what_looks_back_far_is_trained_on_fewer_and_longer_segments(dilation, segments):
    network = WaveNet([{"channels": 1, "dilations": [dilation], "kernel_size": 2}])
    assert (network.batch_size, network.segment_length) == segments
