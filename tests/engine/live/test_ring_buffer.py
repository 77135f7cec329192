"""The past is what was written, as far back as it reaches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxnas.engine.live.ring_buffer import RingBuffer


@given(st.integers(1, 50), st.lists(st.integers(0, 120), max_size=20), st.data())
def test_what_is_read_is_what_was_written(size, blocks, data):
    past, written = RingBuffer(size), np.arange(sum(blocks), dtype=np.float32)
    for end, length in zip(np.cumsum(blocks), blocks, strict=True):
        past.write(written[end - length : end])
    assert past.position == len(written)
    start = data.draw(st.integers(max(0, len(written) - size), len(written)))
    stop = data.draw(st.integers(start, len(written)))
    np.testing.assert_array_equal(past.read(start, stop), written[start:stop])
    np.testing.assert_array_equal(past.read(0, len(written)), written[max(0, len(written) - size) :])


def test_what_is_read_is_a_copy():
    past = RingBuffer(4)
    past.write(np.ones(3, np.float32))
    read = past.read(0, 3)
    past.write(np.zeros(4, np.float32))
    assert read.tolist() == pytest.approx([1, 1, 1])
