"""The native engine plays what PyTorch computes offline, in blocks of any sizes, whatever the network."""

import copy
import math
import os
import platform
import subprocess
import sys
from dataclasses import replace
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from voxnas.engine.native_engine import NativeEngine
from voxnas.kernels import build
from voxnas.kernels.activations import PLAYED
from voxnas.kernels.build import Unavailable, load
from voxnas.kernels.wavenet import shape_list
from voxnas.models.activations import ACTIVATIONS, PReLU
from voxnas.models.layer_array import LayerArray, as_arguments
from voxnas.models.wavenet import WaveNet, stack

try:
    load("wavenet_stream.cpp")
except Unavailable as reason:
    pytest.skip(str(reason), allow_module_level=True)


slopes = st.floats(-0.5, 0.5, width=32)
specs = st.one_of(
    st.sampled_from(ACTIVATIONS),
    st.fixed_dictionaries({"type": st.just("LeakyReLU"), "negative_slope": slopes}),
    st.fixed_dictionaries(
        {
            "type": st.just("LeakyHardtanh"),
            "min_val": st.floats(-2, 0.25, width=32),
            "max_val": st.floats(0.25, 2, width=32),
            "min_slope": slopes,
            "max_slope": slopes,
        }
    ),
)
# small ones more often, since there the forms are what counts
widths = st.one_of(st.integers(1, 8), st.integers(1, 64))


def divisors(of: int) -> st.SearchStrategy[int]:
    return st.sampled_from([n for n in range(1, of + 1) if of % n == 0])


@st.composite
def layer_arrays(draw: st.DrawFn) -> list[LayerArray]:
    """From one to three that fit each other, in every form there is."""
    channels = draw(st.lists(widths, min_size=1, max_size=3))

    def array(index: int) -> LayerArray:
        width, layers = channels[index], draw(st.integers(1, 4))

        def each(values: st.SearchStrategy) -> list:
            return draw(st.lists(values, min_size=layers, max_size=layers))

        # an array after the first takes the head's sum as wide as the one before gives it
        sum_width = width if index else draw(widths)
        has_head1x1 = draw(st.booleans())
        bottleneck = draw(widths) if has_head1x1 else sum_width
        return LayerArray.of(
            channels=width,
            dilations=each(st.integers(1, 150)),
            kernel_size=each(st.integers(1, 16)),
            activation=each(specs),
            gating=each(st.sampled_from(["none", "gated", "blended"])),
            secondary_activation=each(specs),
            bottleneck=bottleneck,
            groups_input=draw(divisors(math.gcd(width, bottleneck))),
            layer1x1=draw(st.booleans()),
            layer1x1_groups=draw(divisors(math.gcd(width, bottleneck))),
            head1x1_channels=sum_width if has_head1x1 else None,
            head1x1_groups=draw(divisors(math.gcd(bottleneck, sum_width))) if has_head1x1 else 1,
            head_size=[*channels, 1][index + 1],
            head_kernel_size=draw(st.integers(1, 16)),
            head_dilation=draw(st.integers(1, 3)),
            head_bias=draw(st.booleans()),
        )

    return [array(index) for index in range(len(channels))]


def make(arrays: list[LayerArray], seed: int = 0) -> WaveNet:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = WaveNet(arrays, head_scale=0.5)
        for module in network.modules():
            if isinstance(module, PReLU):  # of each channel another
                torch.nn.init.uniform_(module.slopes, -0.5, 0.5)
    return network


def every_form() -> LayerArray:
    return LayerArray.of(
        6,
        [1, 30, 2, 70],
        activation=["SiLU", "PReLU", "Fasttanh", {"type": "LeakyReLU", "negative_slope": 0.3}],
        gating=["gated", "none", "blended", "gated"],
        secondary_activation=["Sigmoid", "Tanh", "PReLU", "Hardswish"],
        bottleneck=4,
        groups_input=2,
        layer1x1_groups=2,
        head1x1_channels=3,
        head_kernel_size=3,
    )


def clip(samples: int, seed: int = 0) -> NDArray[np.float32]:
    return (0.5 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


def offline(network: WaveNet, x: NDArray[np.float32]) -> NDArray[np.float64]:
    """After silence, by PyTorch in double precision."""
    exact = copy.deepcopy(network).double()
    padded = torch.nn.functional.pad(
        torch.from_numpy(x).double()[None, None], (network.receptive_field - 1, 0)
    )
    with torch.no_grad():
        return exact(padded)[0, 0].numpy()


def in_blocks(engine: NativeEngine, x: NDArray[np.float32], sizes: list[int]) -> NDArray[np.float32]:
    return np.concatenate([engine.process(x[a:b]) for a, b in pairwise(accumulate(sizes, initial=0))])


def assert_same(network: WaveNet, sizes: list[int]) -> None:
    x = clip(sum(sizes))
    expected = offline(network, x)
    error = np.abs(in_blocks(NativeEngine(network), x, sizes) - expected).max()
    assert error <= 1e-5 * max(1.0, np.abs(expected).max())


block_sizes = st.lists(
    st.one_of(st.integers(1, 70), st.sampled_from([64, 128, 512, 1000, 4096])), min_size=1, max_size=30
)


@settings(max_examples=60, deadline=None)
@given(arrays=layer_arrays(), sizes=block_sizes, seed=st.integers(0, 2**31))
def test_blocks_of_any_sizes_join_into_the_offline_pass(
    arrays: list[LayerArray], sizes: list[int], seed: int
):
    assert_same(make(arrays, seed), sizes)


@pytest.mark.parametrize("channels", [*range(1, 18), 24, 31, 32, 64])
def test_every_width(channels: int):
    assert_same(
        make([LayerArray.of(channels, [1, 2, 300], gating=["none", "gated", "none"])]),
        [64] * 20 + [7, 1, 200],
    )


def test_a_long_past_is_carried_over_many_blocks():
    assert_same(stack(13, 2, head_scale=1.0), [64] * 300 + [1] * 50)


def test_a_block_longer_than_one_call_takes():
    assert_same(stack(3, 4, head_scale=1.0), [40_001, 0, 3])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_exact_to_one_millionth_and_keep_nan(name: str):
    network = stack(1, 1, kernel_size=1, activation=name, head_scale=1.0)
    alone = ("rechannel.weight", "conv.weight", "head.weight")
    for key, parameter in network.named_parameters():  # leaves the activation of the input, and nothing else
        torch.nn.init.constant_(parameter, float(key.endswith(alone)))
    x = np.concatenate([np.linspace(-30, 30, 100_001), [0.0, 1e-30, -1e-30, math.nan]]).astype(np.float32)
    y, expected = NativeEngine(network).process(x), offline(network, x)
    relative = name in ("SiLU", "Hardswish")
    error = np.abs(y - expected) / np.maximum(1, np.abs(x) if relative else 1)
    assert error[:-1].max() <= 1e-6
    assert np.isnan(y[-1])


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("where", [0, 5, -1], ids=["first", "in a layer", "last"])
def test_a_nan_weight_gives_nan(activation: str, where: int):
    network = stack(3, 4, activation=activation, gating=["gated", "none", "gated"])
    with torch.no_grad():
        list(network.parameters())[where].view(-1)[0] = math.nan
    assert np.isnan(NativeEngine(network).process(clip(100))).all()


def test_nan_in_any_weight_of_any_form_gives_nan():
    arrays = [every_form(), LayerArray.of(5, [1, 7], layer1x1=False)]
    arrays[0] = replace(arrays[0], head_size=5)
    for name, _ in make(arrays).named_parameters():
        network = make(arrays)
        with torch.no_grad():
            network.get_parameter(name).view(-1)[0] = math.nan
        heard = np.isnan(NativeEngine(network).process(clip(300)))
        assert heard.any() if name.endswith("slopes") else heard.all(), name  # only what is below zero


either = pytest.mark.parametrize(
    "network", [stack(8, 6, head_scale=1.0), make([every_form()])], ids=["plain", "forms"]
)


@either
def test_reset_returns_to_silence(network: WaveNet):
    engine = NativeEngine(network)
    first = engine.process(clip(3000))
    assert np.abs(engine.process(clip(3000)) - first).max() > 1e-6  # the past is heard
    engine.reset()
    np.testing.assert_array_equal(engine.process(clip(3000)), first)


@either
def test_silence_stays_what_it_is_to_the_last_bit(network: WaveNet):
    engine = NativeEngine(network)
    y = engine.process(np.zeros(2000, np.float32))
    assert y[0] != 0
    np.testing.assert_array_equal(y, y[0])


def test_training_on_does_not_reach_the_engine():
    network = make([every_form()])
    engine = NativeEngine(network)
    before = engine.process(clip(500))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    engine.reset()
    np.testing.assert_array_equal(engine.process(clip(500)), before)


def test_engines_side_by_side_have_a_past_each():
    network = stack(4, 4)
    a, b, alone = (NativeEngine(network) for _ in range(3))
    blocks = clip(640).reshape(10, 64)
    for block in blocks:
        b.process(-block)
        np.testing.assert_array_equal(a.process(block), alone.process(block))


def test_it_takes_views_and_other_precisions():
    engine = NativeEngine(stack(3, 4))
    expected = engine.process(clip(100))
    engine.reset()
    stereo = np.stack([clip(100), clip(100)], axis=1).astype(np.float64)
    np.testing.assert_array_equal(engine.process(stereo[:, 1]), expected)
    with pytest.raises(ValueError, match="mono"):
        engine.process(np.zeros((10, 2), np.float32))


def test_what_was_returned_stays_when_the_engine_goes_on():
    engine = NativeEngine(stack(3, 4))
    first = engine.process(clip(64))
    kept = first.copy()
    engine.process(clip(64, seed=1))
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize("more", [{}, {"groups_input": 2, "head1x1_channels": 3, "gating": "blended"}])
def test_denormals_are_flushed_inside_and_nowhere_else(more: dict):
    network = make([LayerArray.of(2, [1], 1, "ReLU", **more)])
    for key, parameter in network.named_parameters():
        torch.nn.init.constant_(parameter, float(key.endswith("weight")))
    tiny = np.full(64, 1e-39, np.float32)
    assert offline(network, tiny).all()
    assert not NativeEngine(network).process(tiny).any()
    assert (tiny * np.float32(0.5)).all()


COUNT_ALLOCATIONS = """
#include "wavenet_stream.cpp"
#include <cstdio>
#include <cstdlib>
static long allocations = 0;
extern "C" void* __libc_malloc(size_t);
extern "C" void* malloc(size_t size) { ++allocations; return __libc_malloc(size); }
int main() {
  const int64_t shape[] = {SHAPE};
  const std::vector<float> weights(1000, .1f), x(5000, .5f);
  std::vector<float> y(5000);
  voxnas::Stream* stream = voxnas_wavenet_stream_create(shape, weights.data(), 1.f);
  const long before = allocations;
  for (int size : {1, 64, 5000, 63})
    for (int i = 0; i < 50; ++i) voxnas_stream_process(stream, x.data(), y.data(), size);
  voxnas_stream_reset(stream);
  const long after = allocations;
  std::printf("%ld %ld", before, after);
  voxnas_stream_destroy(stream);
}
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts the calls of glibc's malloc")
def test_playing_allocates_nothing(tmp_path: Path):
    compiler, _ = build._compiler()
    source, program = tmp_path / "count.cpp", tmp_path / "count"
    shape = shape_list([every_form()], PLAYED)
    source.write_text(COUNT_ALLOCATIONS.replace("SHAPE", ", ".join(map(str, shape))))
    flags = [flag for flag in compiler if flag not in ("-shared", "-fPIC", "-O3")]
    subprocess.run([*flags, "-O1", f"-I{build.SOURCES}", str(source), "-o", str(program)], check=True)
    before, after = map(int, subprocess.run([program], check=True, capture_output=True).stdout.split())
    assert before > 0  # it counts
    assert after == before


WIDTHS = """
import sys
import numpy as np
import torch
from voxnas.engine.make import make_engine
from voxnas.kernels import build
from voxnas.models.layer_array import LayerArray
from voxnas.models.wavenet import WaveNet
build.CPU_FLAGS = (sys.argv[3:],)
torch.manual_seed(0)
array = LayerArray.of(**eval(sys.argv[2]))
engine = make_engine(WaveNet([array], 1.0), sys.argv[1])
x = np.random.default_rng(0).standard_normal(1000).astype(np.float32)
print(*(y for block in (x[:64], x[64:65], x[65:]) for y in engine.process(block)))
"""


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() != "x86_64", reason="these are the vector widths of x86-64")
@pytest.mark.parametrize("flags", [["-msse2"], ["-mavx2", "-mfma"]], ids=["sse2", "avx2"])
def test_narrower_vectors_play_the_same(flags: list[str], tmp_path: Path):
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    native, exact = (
        np.array(
            subprocess.run(
                [sys.executable, "-c", WIDTHS, kind, repr(as_arguments(every_form())), *flags],
                env=environment,
                capture_output=True,
                check=True,
            ).stdout.split(),
            float,
        )
        for kind in ("native", "torch")
    )
    np.testing.assert_allclose(native, exact, rtol=0, atol=1e-5)
