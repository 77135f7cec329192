"""Programs play in native code as the words of `Step` say, whatever their steps and the blocks' sizes."""

import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from programs import conv, programs, reference, upsample
from streams import assert_allocates_nothing, block_sizes, clip

from voxnas.engine.native_engine import NativeEngine
from voxnas.kernels.build import Unavailable, load
from voxnas.kernels.graph import Step
from voxnas.kernels.graph_plan import plan
from voxnas.kernels.stream_graph import graph_form, shape_list
from voxnas.utils.errors import InputError

try:
    load("graph_stream.cpp")
except Unavailable as reason:
    pytest.skip(str(reason), allow_module_level=True)

# Reads all kinds of what it can: a strided signal twice, a concat within a concat, a signal in two sums.
EVERY_KIND = [
    conv(0, 1, 5, kernel_size=3, relu=True),
    Step("max_pool", (1,), 5, 2, kernel_size=3, stride=2),
    conv(1, 5, 5, rate=2, kernel_size=4, dilation=3, stride=2, relu=True),
    Step("add", (2, 3), 5, 2),
    Step("avg_pool", (4,), 5, 2, kernel_size=3, dilation=2),
    Step("concat", (4, 5), 10, 2),
    Step("concat", (4, 6, 6), 25, 2),
    upsample(7, 25, 5, rate=1, kernel_size=2),
    Step("add", (8, 1, 1), 5, 1),
    conv(9, 5, 1),
]


def play(steps: Sequence[Step], x: NDArray[np.float32], sizes: Sequence[int]) -> NDArray[np.float32]:
    stream = graph_form(steps).stream()
    return np.concatenate([stream.process(x[a:b]) for a, b in pairwise(accumulate(sizes, initial=0))])


def assert_plays_as_said(steps: Sequence[Step], sizes: Sequence[int]) -> None:
    x = clip(sum(sizes))
    expected = reference(steps, x)
    error = np.abs(play(steps, x, sizes) - expected).max()
    assert error <= 1e-5 * max(1.0, np.abs(expected).max())


@settings(max_examples=100, deadline=None)
@given(steps=programs(), sizes=block_sizes)
def test_blocks_of_any_sizes_join_into_what_the_steps_say(steps: list[Step], sizes: list[int]):
    assert_plays_as_said(steps, sizes)


@settings(max_examples=30, deadline=None)
@given(steps=programs(most_steps=20, most_rate=64), sizes=block_sizes)
def test_rates_up_to_the_highest_keep_their_phase(steps: list[Step], sizes: list[int]):
    assert_plays_as_said(steps, sizes)


@pytest.mark.parametrize("channels", [*range(1, 18), 24, 31, 32, 63, 64])
@pytest.mark.parametrize("rate", [1, 2])
def test_every_width(channels: int, rate: int):
    steps = [conv(0, 1, channels, rate, 3, stride=rate, relu=True)]
    steps += [conv(1, channels, channels, rate, 3, dilation=70)]
    steps += [upsample(2, channels, 2, 1)] if rate == 2 else []
    steps += [conv(len(steps), steps[-1].channels, 1)]
    assert_plays_as_said(steps, [64] * 10 + [7, 1, 48, 200, 33])


@given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=40))
def test_blocks_shorter_than_the_period(sizes: list[int]):
    assert_plays_as_said(EVERY_KIND, sizes)


def test_a_long_past_is_carried_over_many_blocks():
    steps = [conv(0, 1, 3, 2, 7, stride=2, dilation=501), upsample(1, 3, 1, 1, kernel_size=300)]
    assert_plays_as_said(steps, [64] * 150 + [1] * 50)


def test_silence_repeats_itself_to_the_last_bit_and_reset_returns_to_it():
    stream = graph_form(EVERY_KIND).stream()
    silence = stream.process(np.zeros(2000, np.float32))
    assert silence[0] != silence[1] != 0  # an upsampling's two phases
    np.testing.assert_array_equal(silence.reshape(-1, 2), np.tile(silence[:2], (1000, 1)))
    stream.reset()
    first = stream.process(clip(301))
    assert np.abs(stream.process(clip(301)) - first).max() > 1e-6  # the past is heard
    stream.reset()  # in the middle of a period
    np.testing.assert_array_equal(stream.process(clip(301)), first)


def test_what_does_not_reach_the_output_is_not_played():
    steps = [conv(0, 1, 64, kernel_size=3), conv(0, 1, 1)]
    assert len(plan(steps).ops) == 1
    assert_plays_as_said(steps, [64, 3])


def test_sums_and_concats_cost_no_copies():
    steps = [conv(0, 1, 2), conv(0, 1, 2), conv(1, 2, 2), Step("add", (2, 3), 2, 1)]
    steps += [Step("concat", (1, 4), 4, 1), Step("concat", (5,), 4, 1), conv(6, 4, 1)]
    assert [op.kind for op in plan(steps).ops] == ["conv"] * 4


@pytest.mark.parametrize("step", [0, 2, 7, 9])
def test_a_nan_weight_gives_nan(step: int):
    steps = list(EVERY_KIND)
    weight = steps[step].weight.copy()
    weight[...] = np.nan
    steps[step] = replace(steps[step], weight=weight)
    assert np.isnan(play(steps, clip(100), [100])).all()


def test_a_nan_sample_is_in_every_maximum_that_sees_it():
    x = clip(100)
    x[50] = np.nan
    y = play([Step("max_pool", (0,), 1, 1, kernel_size=3, dilation=4)], x, [64, 36])
    assert np.flatnonzero(np.isnan(y)).tolist() == [50, 54, 58]


def test_denormals_are_flushed():
    one = np.ones((1, 1, 1), np.float32)
    tiny = np.full(64, 1e-39, np.float32)
    assert not play([Step("conv", (0,), 1, 1, weight=one)], tiny, [64]).any()
    assert (tiny * np.float32(0.5)).all()


def test_the_weights_are_copied():
    steps = [conv(0, 1, 1)]
    stream = graph_form(steps).stream()
    before = stream.process(clip(10))
    steps[0].weight[...] = 0
    stream.reset()
    np.testing.assert_array_equal(stream.process(clip(10)), before)


def test_a_network_with_a_program_plays_in_the_native_engine():
    class Network:
        def program(self) -> list[Step]:
            return EVERY_KIND

    np.testing.assert_array_equal(NativeEngine(Network()).process(clip(99)), play(EVERY_KIND, clip(99), [99]))


def test_what_looks_back_too_far_or_is_too_slow_is_left_to_pytorch():
    with pytest.raises(Unavailable, match="receptive field of 33554433 samples"):
        graph_form([conv(0, 1, 1, kernel_size=2, dilation=2**25)])
    slow = [Step("avg_pool", (i,), 1, 2 ** (i + 1), stride=2) for i in range(7)]
    slow += [upsample(7 + i, 1, 1, 2 ** (6 - i)) for i in range(7)]
    with pytest.raises(Unavailable, match="rate of 128"):
        graph_form(slow)


def test_a_malformed_program_is_refused():
    with pytest.raises(InputError, match="step 0, 'conv': weight is float32"):
        graph_form([replace(conv(0, 1, 1), kernel_size=2)])


_PLAY = """
import sys
import numpy as np
from test_native_graph import EVERY_KIND, play
from streams import clip
from voxnas.kernels import build
build.CPU_FLAGS = (sys.argv[1:],)
print(*play(EVERY_KIND, clip(1000), [64, 1, 935]))
"""


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() != "x86_64", reason="these are the vector widths of x86-64")
@pytest.mark.parametrize("flags", [["-msse2"], ["-mavx2", "-mfma"]], ids=["sse2", "avx2"])
def test_narrower_vectors_play_the_same(flags: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    here = Path(__file__).parent
    script = f"import sys; sys.path[:0] = [{str(here)!r}, {str(here.parent)!r}]\n{_PLAY}"
    found = subprocess.run([sys.executable, "-c", script, *flags], capture_output=True, check=True).stdout
    expected = reference(EVERY_KIND, clip(1000))
    np.testing.assert_allclose(np.array(found.split(), float), expected, rtol=0, atol=1e-5)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts the calls of glibc's malloc")
def test_playing_allocates_nothing(tmp_path: Path):
    shape = ", ".join(map(str, shape_list(EVERY_KIND)))
    create = f"[&] {{ const int64_t shape[] = {{{shape}}}; "
    create += "return voxnas_graph_stream_create(shape, weights.data()); }()"
    assert_allocates_nothing("graph_stream.cpp", create, tmp_path)
