"""ConvNet and Linear in native code play what PyTorch computes, whatever their sizes and the blocks'."""

import json
import platform
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import (
    assert_allocates_nothing,
    assert_narrower_vectors_play_the_same,
    assert_plays_exactly,
    block_sizes,
    clip,
    seeded,
)

from voxnas.engine.native_engine import NativeEngine
from voxnas.kernels.build import Unavailable, load
from voxnas.models.activations import ACTIVATIONS

try:
    load("chain_stream.cpp")
except Unavailable as reason:
    pytest.skip(str(reason), allow_module_level=True)

SHAPED = [{"type": "LeakyReLU", "negative_slope": -0.3}]
SHAPED += [{"type": "LeakyHardtanh", "min_val": -0.2, "max_val": 0.1, "min_slope": 0.5, "max_slope": 0.2}]


@settings(max_examples=60, deadline=None)
@given(
    channels=st.one_of(st.integers(1, 17), st.integers(1, 64)),
    layers=st.lists(st.tuples(st.integers(1, 16), st.integers(1, 100)), min_size=1, max_size=4),
    activation=st.sampled_from([*ACTIVATIONS, *SHAPED]),
    sizes=block_sizes,
    seed=st.integers(0, 2**31),
)
def test_blocks_of_any_sizes_join_into_one_pass(channels, layers, activation, sizes, seed):
    kernels, dilations = zip(*layers, strict=True)
    form = {"channels": channels, "dilations": list(dilations), "kernel_size": list(kernels)}
    assert_plays_exactly(seeded(seed, type="ConvNet", activation=activation, **form), sizes)


@settings(max_examples=30, deadline=None)
@given(
    taps=st.one_of(st.integers(1, 40), st.integers(1, 9000)),
    bias=st.booleans(),
    sizes=block_sizes,
    seed=st.integers(0, 2**31),
)
def test_an_impulse_response_of_any_length(taps: int, bias: bool, sizes: list[int], seed: int):
    assert_plays_exactly(seeded(seed, type="Linear", taps=taps, bias=bias), sizes)


@pytest.mark.parametrize("channels", [*range(1, 18), 24, 31, 32, 63, 64])
def test_every_width(channels: int):
    assert_plays_exactly(
        seeded(type="ConvNet", channels=channels, dilations=[1, 300]), [64] * 10 + [7, 1, 200]
    )


def test_slopes_are_each_channel_s_own():
    network = seeded(type="ConvNet", channels=5, activation="PReLU", dilations=[1, 2])
    with torch.no_grad():
        for i, activation in enumerate(network.activations):
            activation.slopes.copy_(torch.linspace(-1, 2, 5) + i)
    assert_plays_exactly(network, [64, 3])


@pytest.mark.parametrize("form", [{"type": "ConvNet"}, {"type": "Linear", "taps": 500, "bias": True}])
def test_silence_stays_what_it_is_to_the_last_bit_and_reset_returns_to_it(form: dict):
    engine = NativeEngine(seeded(**form))
    silence = engine.process(np.zeros(2000, np.float32))
    assert silence[0] != 0
    np.testing.assert_array_equal(silence, silence[0])
    first = engine.process(clip(300))
    assert np.abs(engine.process(clip(300)) - first).max() > 1e-6  # the past is heard
    engine.reset()
    np.testing.assert_array_equal(engine.process(clip(300)), first)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("where", [0, -1], ids=["first", "last"])
def test_a_nan_weight_gives_nan(activation: str, where: int):
    network = seeded(type="ConvNet", channels=3, dilations=[1, 2], activation=activation)
    parameters = [p for p in network.parameters() if p.ndim == 3]
    with torch.no_grad():
        parameters[where].view(-1)[0] = torch.nan
    assert np.isnan(NativeEngine(network).process(clip(100))).all()


def test_training_on_does_not_reach_the_engine():
    network = seeded(type="ConvNet", channels=4, activation="PReLU")
    engine = NativeEngine(network)
    before = engine.process(clip(100))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    engine.reset()
    np.testing.assert_array_equal(engine.process(clip(100)), before)


def test_what_looks_back_too_far_is_left_to_pytorch():
    with pytest.raises(Unavailable, match="receptive field of 33554433 samples"):
        NativeEngine(seeded(type="ConvNet", channels=1, dilations=[2**25]))


FORMS = [
    {"type": "ConvNet", "channels": 7, "dilations": [1, 30], "kernel_size": [2, 5], "activation": "PReLU"},
    {"type": "Linear", "taps": 1001},
]


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() != "x86_64", reason="these are the vector widths of x86-64")
@pytest.mark.parametrize("flags", [["-msse2"], ["-mavx2", "-mfma"]], ids=["sse2", "avx2"])
def test_narrower_vectors_play_the_same(flags: list[str], tmp_path):
    assert_narrower_vectors_play_the_same(json.dumps(FORMS), flags, tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts the calls of glibc's malloc")
def test_playing_allocates_nothing(tmp_path):
    shape = "2, 1, 5, 3, 70, 1, 7, 0, 0, 0, 0, 5, 1, 2, 1, 1, -1, 0, 0, 0, 0"  # a PReLU's slopes among it
    create = f"[&] {{ const int64_t shape[] = {{{shape}}}; "
    create += "return voxnas_chain_stream_create(shape, weights.data()); }()"
    assert_allocates_nothing("chain_stream.cpp", create, tmp_path)
