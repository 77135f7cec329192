"""State trajectories, LACTOSE, transformers, state spaces: counts, reach, what plays, what cannot be."""

import pytest
import torch
from streams import assert_plays_exactly, seeded

from voxnas.kernels.build import Unavailable, load
from voxnas.models.build import build
from voxnas.utils.errors import InputError

FORMS = [
    {"type": "StateTrajectory", "states": 5, "hidden_size": 17},
    {"type": "Lactose", "ranges": 7, "hidden_size": 5},
    {"type": "Transformer", "channels": 12, "heads": 4, "window": 33, "norm": True},
    {"type": "StateSpace", "modes": 17, "gated": True},
    {"type": "StateSpace", "times": [100, 40_000]},
]


def test_a_state_trajectory_s_counts_by_hand():
    net = build({"type": "StateTrajectory", "states": 3, "hidden_size": 4, "hidden_layers": 2})
    macs = (1 + 3) * 4 + 4 * 4 + 4 * 3 + 3 + 1
    assert net.macs_per_sample == macs
    assert net.num_parameters == macs + 4 + 4 + 3 + 1 + 3  # biases of the layers and the output, rates
    assert net.summary() == {"num_layers": 2, "channels": 4}


def test_lactose_costs_one_range_and_keeps_the_weights_of_all():
    net = build(
        {"type": "Lactose", "ranges": 5, "hidden_size": 4, "taps": 3, "features": 2, "filter_taps": 6}
    )
    own = 3 * 4 + 4 * 4 + 4 * 2
    assert net.macs_per_sample == own + 2 * 6
    assert net.num_parameters == 5 * (own + 4 + 4 + 2) + 2 * 6 + 1
    assert net.receptive_field == 3 + 6 - 1


def test_a_transformer_s_counts_by_hand():
    net = build({"type": "Transformer", "channels": 4, "num_layers": 3, "window": 5, "dilation_base": 2})
    maps = 4 + 3 * (4 * 12 + 4 * 4 + 2 * 4 * 8) + 4
    assert net.macs_per_sample == maps + 3 * 2 * 5 * 4
    assert net.num_parameters == maps + 4 + 3 * (12 + 4 + 8 + 4) + 1
    assert net.receptive_field == 1 + 4 * (1 + 2 + 4)


def test_a_state_space_s_counts_by_hand():
    net = build({"type": "StateSpace", "channels": 3, "modes": 4, "num_layers": 2})
    maps = 3 + 2 * (3 * 8 + 8 * 3 + 3 * 3 + 3 * 3) + 3
    assert net.macs_per_sample == maps + 2 * 4 * 4
    assert net.num_parameters == maps + 3 + 2 * (2 * 4 + 3 + 3) + 1


@pytest.mark.parametrize("sizes", [[1, 5, 64, 1000, 3], [70, 128, 512]])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form["type"])
def test_it_plays_natively_at_any_block_length(form: dict, sizes: list[int]):
    try:
        load("graph_stream.cpp")
    except Unavailable as reason:
        pytest.skip(str(reason))
    assert_plays_exactly(seeded(**form), sizes)


def test_each_range_has_a_curve_of_its_own_and_a_blend_joins_them():
    form = {"type": "Lactose", "ranges": 2, "taps": 1, "features": 1, "filter_taps": 1, "hidden_layers": 1}
    x = torch.tensor([-0.2, 0.0, 0.01, 0.2])[None, None]
    for blend, expected in ((0.0, [-1.0, -1.0, 3.0, 3.0]), (1.0, [-1.0, 1.0, 1.1, 3.0])):
        net = seeded(**form, reach=0.4, blend=blend)
        with torch.no_grad():
            net.layers[-1].weight.zero_()
            net.layers[-1].bias.copy_(torch.tensor([[-1.0], [3.0]]))
            torch.testing.assert_close(net(x).flatten(), torch.tensor(expected))


def test_only_the_weights_of_the_ranges_that_occur_learn():
    net = seeded(type="Lactose", ranges=[[None, 0.0], [0.0, 1.0], [1.0, None]], blend=0.0)
    net(torch.rand(2, 1, 200).clamp(0.01, 0.99)).sum().backward()
    moved = [bool(net.layers[0].weight.grad[index].any()) for index in range(3)]
    assert moved == [False, True, False]


def test_a_state_trajectory_begins_at_rest_and_stays_near():
    net = seeded(type="StateTrajectory", states=6, hidden_size=12)
    y, _ = net.stream(0.5 * torch.randn(1, 1, 5000), net.initial_state())
    assert float(y.detach().abs().max()) < 5


def test_slow_modes_keep_their_time():
    """A decay over half a minute is told from none, though float32 hardly tells its λ from 1."""
    net = seeded(type="StateSpace", num_layers=1, modes=1, times=[1_000_000, 1_000_000])
    real, imag = net.layers[0].poles()
    assert float(1 - real.detach()) == pytest.approx(1e-6, rel=1e-4)
    assert not imag.any()


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"type": "StateTrajectory", "states": 0}, "whole numbers from 1"),
        ({"type": "StateTrajectory", "states": 17}, "hidden_size=16 is below the 17 states"),
        ({"type": "StateTrajectory", "rates": [0.5, 0.1]}, "rates are two numbers"),
        ({"type": "StateTrajectory", "activation": "PReLU"}, "the activation is one of Tanh, "),
        ({"type": "StateTrajectory", "warm_up": -1}, "warm_up"),
        ({"type": "StateTrajectory", "backend": "gpu"}, "unknown backend 'gpu'"),
        ({"type": "Lactose", "taps": 0}, "whole numbers from 1"),
        ({"type": "Lactose", "ranges": 0}, "ranges is a whole number from 1 to 256"),
        ({"type": "Lactose", "ranges": [[None, 0.1], [0.2, None]]}, "nothing covers 0.1 to 0.2"),
        ({"type": "Lactose", "ranges": [[None, 0.3], [0.2, None]]}, "0.2 to 0.3 is in two"),
        ({"type": "Lactose", "ranges": [[None, 0.3], [0.3, 0.1], [0.1, None]]}, "0.3 to 0.1 is no way up"),
        ({"type": "Lactose", "ranges": [[-1, 0], [0, None]]}, "the first low and the last high are null"),
        ({"type": "Lactose", "ranges": [[None, "x"], ["x", None]]}, "an end within is a number, got x"),
        ({"type": "Lactose", "ranges": [0.1, 0.2]}, r"list of \[low, high\] pairs"),
        ({"type": "Lactose", "ranges": 5, "blend": 1.5}, "blend is a share from 0 to 1"),
        ({"type": "Lactose", "reach": -1}, "reach is a number above 0"),
        ({"type": "Lactose", "activation": "LeakyReLU"}, "the activation is one of ReLU, "),
        ({"type": "Transformer", "window": 0}, "whole numbers from 1"),
        ({"type": "Transformer", "window": 2000}, "window is at most 1024 samples, got 2000"),
        ({"type": "Transformer", "channels": 8, "heads": 3}, "3 heads cannot share 8 channels"),
        ({"type": "StateSpace", "modes": 1.5}, "whole numbers from 1"),
        ({"type": "StateSpace", "times": [0, 10]}, "times are two lengths"),
        ({"type": "StateSpace", "activation": "Sine"}, "unknown activation 'Sine'"),
        ({"type": "StateSpace", "warm_up": -1}, "warm_up"),
    ],
)
def test_what_cannot_be_built_is_said_in_one_line(form: dict, message: str):
    with pytest.raises(InputError, match=message) as error:
        build(form)
    assert "\n" not in str(error.value)
