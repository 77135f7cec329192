"""LSTM and GRU networks in native code play what PyTorch computes, whatever their sizes and the blocks'."""

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
    exact,
    seeded,
)

from voxnas.engine.native_engine import NativeEngine
from voxnas.kernels.build import Unavailable, load
from voxnas.models.base import Network

try:
    load("recurrent_stream.cpp")
except Unavailable as reason:
    pytest.skip(str(reason), allow_module_level=True)

KINDS = ("LSTM", "GRU")
kinds = pytest.mark.parametrize("kind", KINDS)


def loud(network: Network, factor: float = 4.0) -> Network:
    """As if trained: weights large enough for gates to open and close."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter *= factor
    return network


@settings(max_examples=25, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    layers=st.integers(1, 4),
    units=st.one_of(st.integers(1, 40), st.integers(1, 128)),
    skip=st.booleans(),
    sizes=block_sizes,
    seed=st.integers(0, 2**31),
)
def test_blocks_of_any_sizes_join_into_one_pass(
    kind: str, layers: int, units: int, skip: bool, sizes: list[int], seed: int
):
    form = {"type": kind, "num_layers": layers, "hidden_size": units, "skip": skip}
    assert_plays_exactly(seeded(seed, **form), sizes)


@kinds
@pytest.mark.parametrize("units", [*range(1, 18), 24, 31, 32, 33, 40, 47, 64, 80, 127, 128])
def test_every_width(kind: str, units: int):
    assert_plays_exactly(seeded(type=kind, hidden_size=units, num_layers=2), [64] * 3 + [7, 1, 200])


@kinds
@pytest.mark.parametrize("units", [3, 16])
def test_gates_that_open_and_close(kind: str, units: int):
    assert_plays_exactly(loud(seeded(type=kind, hidden_size=units)), [64] * 10)


@kinds
def test_a_block_longer_than_one_call_takes(kind: str):
    assert_plays_exactly(seeded(type=kind, hidden_size=4), [20_001, 0, 3])


@kinds
def test_silence_begins_with_the_state_that_a_file_gives(kind: str):
    network = seeded(type=kind, hidden_size=6)
    with torch.no_grad():
        recurrent = network.layer(0)[1]
        recurrent.copy_(torch.eye(6).repeat(network.gates, 1) * 4)  # two resting points
        for index in (0, 2, 3):
            list(network.parameters())[index].zero_()
        network.head.weight.fill_(1.0)
    outputs = []
    for value in (0.9, -0.9):
        network.start.fill_(value)
        outputs.append(NativeEngine(network).process(np.zeros(10, np.float32)))
        np.testing.assert_allclose(outputs[-1], exact(network, np.zeros(10, np.float32)), rtol=1e-5)
    assert np.abs(outputs[0] - outputs[1]).min() > 0.1


@kinds
def test_silence_stays_what_it_is_to_the_last_bit(kind: str):
    y = NativeEngine(seeded(type=kind, hidden_size=9, num_layers=2)).process(np.zeros(2000, np.float32))
    assert y[0] != 0
    np.testing.assert_array_equal(y, y[0])


@kinds
def test_reset_returns_to_silence(kind: str):
    engine = NativeEngine(seeded(type=kind, hidden_size=20, num_layers=2))
    first = engine.process(clip(300))
    assert np.abs(engine.process(clip(300)) - first).max() > 1e-6  # the past is heard
    engine.reset()
    np.testing.assert_array_equal(engine.process(clip(300)), first)


@kinds
def test_training_on_does_not_reach_the_engine(kind: str):
    network = seeded(type=kind)
    engine = NativeEngine(network)
    before = engine.process(clip(100))
    loud(network, 0.0)
    engine.reset()
    np.testing.assert_array_equal(engine.process(clip(100)), before)


@kinds
@pytest.mark.parametrize("which", [0, 1, 2, 3, 4, 5])
def test_a_nan_weight_gives_nan(kind: str, which: int):
    network = seeded(type=kind, hidden_size=5)
    with torch.no_grad():
        list(network.parameters())[which].view(-1)[0] = torch.nan
    assert np.isnan(NativeEngine(network).process(clip(100))).all()


def test_what_is_too_large_is_left_to_pytorch():
    with pytest.raises(Unavailable, match="1025 units"):
        NativeEngine(seeded(type="GRU", hidden_size=1025))


FORMS = [
    {"type": kind, "num_layers": layers, "hidden_size": units}
    for kind in KINDS
    for layers, units in ((1, 3), (1, 8), (2, 21), (1, 64))
]


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() != "x86_64", reason="these are the vector widths of x86-64")
@pytest.mark.parametrize("flags", [["-msse2"], ["-mavx2", "-mfma"]], ids=["sse2", "avx2"])
def test_narrower_vectors_play_the_same(flags: list[str], tmp_path):
    assert_narrower_vectors_play_the_same(json.dumps(FORMS), flags, tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts the calls of glibc's malloc")
@pytest.mark.parametrize("gru", [0, 1])
def test_playing_allocates_nothing(gru: int, tmp_path):
    create = f"voxnas_recurrent_stream_create({gru}, 2, 21, 1, weights.data(), 2, 3, weights.data())"
    assert_allocates_nothing("recurrent_stream.cpp", create, tmp_path)
