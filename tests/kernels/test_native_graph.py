"""Programs play in native code as the words of `Step` say, whatever their steps and the blocks' sizes."""

from dataclasses import replace
from itertools import accumulate, pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from numpy.typing import NDArray
from programs import conv, programs, reference, upsample
from streams import block_sizes, clip

from voxnas.kernels.build import Unavailable, load
from voxnas.kernels.graph import Step
from voxnas.kernels.stream import Stream
from voxnas.kernels.stream_graph import graph_stream

try:
    load("graph_stream.cpp")
except Unavailable as reason:
    pytest.skip(str(reason), allow_module_level=True)


def in_blocks(stream: Stream, x: NDArray[np.float32], sizes: list[int]) -> NDArray[np.float32]:
    return np.concatenate([stream.process(x[a:b]) for a, b in pairwise(accumulate(sizes, initial=0))])


def assert_plays_as_said(steps: list[Step], sizes: list[int]) -> None:
    x = clip(sum(sizes))
    expected = reference(steps, x)
    error = np.abs(in_blocks(graph_stream(steps), x, sizes) - expected).max()
    assert error <= 1e-5 * max(1.0, np.abs(expected).max())


@settings(max_examples=150, deadline=None)
@given(steps=programs(), sizes=block_sizes)
def test_blocks_of_any_sizes_join_into_what_the_steps_say(steps: list[Step], sizes: list[int]):
    assert_plays_as_said(steps, sizes)
