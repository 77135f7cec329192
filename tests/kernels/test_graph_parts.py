"""Steps with a state or room of their own play as the words of `Step` say; what cannot be is refused."""

import sys
from dataclasses import replace
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray
from programs import conv, reference
from streams import assert_allocates_nothing, block_sizes, clip

from voxnas.kernels.build import Unavailable, load
from voxnas.kernels.graph import Layer, Step
from voxnas.kernels.graph_check import check_program
from voxnas.kernels.stream_graph import graph_form, shape_list
from voxnas.utils.errors import InputError

RNG = np.random.default_rng(5)


def small(*shape: int) -> NDArray[np.float32]:
    return (0.4 * RNG.standard_normal(shape)).astype(np.float32)


def layers(*widths: int, ranges: tuple[int, ...] = ()) -> tuple[Layer, ...]:
    pairs = pairwise(widths)
    return tuple(Layer(small(*ranges, after, before), small(*ranges, after)) for before, after in pairs)


def update() -> Step:
    """Three states that come to rest."""
    made = layers(5, 9, 3)
    made[0].weight[:3, 2:] -= 2 * np.eye(3, dtype=np.float32)
    made[1].bias[...] *= 0.1
    made[1].weight[...] = 0.1 * made[1].weight + 0.3 * np.eye(3, 9, dtype=np.float32)
    return Step("state_update", (1,), 3, 1, layers=made, activation="Tanh")


POLES = np.array([0.9, 0.5 + 0.7j, -0.6, 0.99999j])
BOUNDS = np.array([-0.3, 0.1, 0.5], np.float32)
NORM = Step("norm", (1,), 6, 1, weight=small(6), bias=small(6))
ATTENTION = Step("attention", (1,), 4, 1, kernel_size=5, dilation=30, heads=2, weight=small(2, 4, 5))
DIAGONAL = Step("diagonal", (1,), 8, 1, modes=POLES)
CHOICE = {"bounds": BOUNDS, "activation": "ReLU"}
SELECT = Step("select", (1, 0), 3, 1, 4, layers=layers(8, 5, 3, ranges=(4,)), **CHOICE)
PROGRAMS = {
    "multiply": [conv(0, 1, 6), conv(0, 1, 6, kernel_size=3), Step("multiply", (1, 2), 6, 1), conv(3, 6, 1)],
    "norm": [conv(0, 1, 6), NORM, conv(2, 6, 1)],
    "attention": [conv(0, 1, 12), ATTENTION, conv(2, 4, 1)],
    "diagonal": [conv(0, 1, 8), DIAGONAL, conv(2, 8, 1)],
    "select": [conv(0, 1, 2), SELECT, conv(2, 3, 1)],
    "select with a blend": [conv(0, 1, 2), replace(SELECT, blend=0.2), conv(2, 3, 1)],
}
SETTLING = [conv(0, 1, 2), update(), conv(2, 3, 1)]
ALL = [
    conv(0, 1, 8),
    DIAGONAL,
    Step("multiply", (1, 2), 8, 1),
    conv(3, 8, 12),
    replace(ATTENTION, inputs=(4,)),
    replace(SELECT, inputs=(5, 0), layers=layers(16, 5, 6, ranges=(4,)), channels=6),
    replace(NORM, inputs=(6,)),
    conv(7, 6, 2),
    replace(update(), inputs=(8,)),
    conv(9, 3, 1),
]


def play(steps: list[Step], x: NDArray[np.float32], sizes: list[int]) -> NDArray[np.float32]:
    stream = graph_form(steps).stream()
    return np.concatenate([stream.process(x[a:b]) for a, b in pairwise(accumulate(sizes, initial=0))])


@pytest.fixture(autouse=True, scope="module")
def native() -> None:
    try:
        load("graph_stream.cpp")
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize("name", PROGRAMS)
@settings(max_examples=8, deadline=None)
@given(sizes=block_sizes)
def test_blocks_of_any_sizes_join_into_what_the_step_says(name: str, sizes: list[int]):
    x = clip(sum(sizes))
    expected = reference(PROGRAMS[name], x)
    error = np.abs(play(PROGRAMS[name], x, sizes) - expected).max()
    assert error <= 1e-5 * max(1.0, np.abs(expected).max())


def test_a_state_update_begins_where_silence_comes_to_rest():
    x = np.concatenate([np.zeros(3000, np.float32), clip(500)])
    expected = reference(SETTLING, x)[3000:]
    assert np.abs(play(SETTLING, x[3000:], [1, 64, 435]) - expected).max() <= 1e-5
    assert expected.std() > 0.001


def test_all_together_reset_returns_to_what_silence_leaves():
    stream = graph_form(ALL).stream()
    silence = stream.process(np.zeros(300, np.float32))
    assert np.ptp(silence) < 1e-5
    first = stream.process(clip(301))
    stream.reset()
    stream.process(np.zeros(300, np.float32))
    np.testing.assert_allclose(stream.process(clip(301)), first, rtol=0, atol=1e-5)


def test_a_slow_mode_keeps_its_time():
    """Rounded to float32, λ itself would decay a third too slowly or too fast."""
    pole = np.array([1 - 1.5e-7 + 0j])
    steps = [conv(0, 1, 2), Step("diagonal", (1,), 2, 1, modes=pole), conv(2, 2, 1)]
    steps[0].bias[...] = 0
    stream = graph_form(steps).stream()
    click = np.zeros(3_000_000, np.float32)
    click[0] = 1
    y = np.abs(stream.process(click) - steps[2].bias)
    assert y[-1] / y[0] == pytest.approx(float(np.abs(pole[0]) ** (len(y) - 1)), rel=1e-3)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_nan_in_is_a_nan_out(name: str):
    x = clip(100)
    x[50] = np.nan
    assert np.isnan(play(PROGRAMS[name], x, [100])[50])


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([conv(0, 1, 2), Step("multiply", (0, 1), 2, 1)], "as many channels"),
        ([Step("multiply", (0,), 1, 1)], "two inputs, not 1"),
        ([replace(NORM, inputs=(0,))], "has 1 channels, not 6"),
        ([conv(0, 1, 6), replace(NORM, bias=None)], "bias is float32"),
        ([conv(0, 1, 9), ATTENTION], "the input has 12 channels, not 9"),
        ([conv(0, 1, 12), replace(ATTENTION, heads=3)], "the heads share the channels evenly"),
        ([conv(0, 1, 12), replace(ATTENTION, kernel_size=2000)], "the window is 1024 samples"),
        ([conv(0, 1, 12), replace(ATTENTION, weight=None)], "weight is float32"),
        ([conv(0, 1, 8), replace(DIAGONAL, modes=POLES * 1.2)], "within the unit circle"),
        ([conv(0, 1, 8), replace(DIAGONAL, modes=POLES[:2])], "one for two of the 8 channels"),
        ([conv(0, 1, 8), replace(DIAGONAL, modes=None)], "a diagonal, and no other, has modes"),
        ([conv(0, 1, 2), replace(update(), layers=())], "have layers"),
        ([conv(0, 1, 2), replace(update(), activation="PReLU")], "without constants, not PReLU"),
        ([conv(0, 1, 2), replace(update(), layers=layers(9, 3))], "weight is float32"),
        ([conv(0, 1, 2), replace(update(), layers=layers(5, 4))], "has 4 channels, not 3"),
        ([conv(0, 1, 2), replace(SELECT, bounds=BOUNDS[::-1].copy())], "bounds are numbers that ascend"),
        ([conv(0, 1, 2), replace(SELECT, blend=0.6)], "from 0 to the narrowest range"),
        ([conv(0, 1, 2), replace(SELECT, inputs=(1, 1))], "the second input has one channel"),
        (
            [Step("avg_pool", (0,), 1, 2, stride=2), conv(0, 1, 8), replace(DIAGONAL, inputs=(2,))],
            "where there is a recurrence, all signals are of rate 1",
        ),
    ],
)
def test_what_cannot_be_is_named(steps: list[Step], said: str):
    with pytest.raises(InputError, match=said) as raised:
        check_program(steps)
    assert "\n" not in str(raised.value)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts the calls of glibc's malloc")
def test_playing_allocates_nothing(tmp_path: Path):
    shape = ", ".join(map(str, shape_list(ALL)))
    create = f"[&] {{ const int64_t shape[] = {{{shape}}}; "
    create += "return voxnas_graph_stream_create(shape, weights.data()); }()"
    assert_allocates_nothing("graph_stream.cpp", create, tmp_path)
