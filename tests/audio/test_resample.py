"""Resampling keeps pitch, level and timing, and has no seams, however the signal comes."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from voxnas.audio import resample as module
from voxnas.audio.resample import resample, resample_blocks
from voxnas.utils.errors import InputError

RATES = [(44_100, 48_000), (48_000, 44_100), (96_000, 48_000), (8_000, 48_000), (48_000, 11_025)]


def noise(samples: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, samples).astype(np.float32)


def in_one_piece(signal: np.ndarray, old: int, new: int) -> np.ndarray:
    """What the library's own function makes of the whole signal at once."""
    convert = module.torchaudio("functional").resample
    width, rolloff = module.FILTER_WIDTH, module.ROLLOFF
    whole = convert(torch.from_numpy(signal).double(), old, new, lowpass_filter_width=width, rolloff=rolloff)
    return whole.numpy()


@pytest.mark.parametrize(("old", "new"), RATES[:4])
def test_a_tone_stays_the_tone(old: int, new: int) -> None:
    def tone(rate: int) -> np.ndarray:
        return np.sin(2 * np.pi * 997 * np.arange(2 * rate) / rate).astype(np.float32)

    result = resample(tone(old), old, new)
    assert result.dtype == np.float32
    assert len(result) == 2 * new
    inside = slice(new // 10, -new // 10)
    assert np.abs(result - tone(new))[inside].max() < 2e-3


@pytest.mark.parametrize(("old", "new"), RATES)
@pytest.mark.parametrize("samples", [1, 100, 44_100, 100_001])
def test_chunks_leave_no_seam(monkeypatch: pytest.MonkeyPatch, old: int, new: int, samples: int) -> None:
    signal = noise(samples)
    monkeypatch.setattr(module, "CHUNK_SECONDS", 0.1)
    chunked = resample(signal, old, new)
    assert len(chunked) == -(-samples * new // old)
    np.testing.assert_allclose(chunked, in_one_piece(signal, old, new), atol=2e-6)


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(RATES), st.lists(st.integers(0, 700) | st.just(5_000), max_size=12))
def test_blocks_of_any_sizes_are_together_the_whole(rates: tuple[int, int], sizes: list[int]) -> None:
    signal = noise(sum(sizes))
    ends = list(itertools.accumulate(sizes, initial=0))
    blocks = [signal[start:end] for start, end in itertools.pairwise(ends)]
    result = np.concatenate([np.zeros(0, np.float32), *resample_blocks(blocks, *rates)])
    assert len(result) == -(-len(signal) * rates[1] // rates[0])
    if len(signal):
        np.testing.assert_allclose(result, in_one_piece(signal, *rates), atol=2e-6)


@pytest.mark.parametrize(("old", "new"), [(44_100, 48_000), (192_000, 44_100)])
def test_output_follows_input_by_no_more_than_the_filter(old: int, new: int) -> None:
    taken = 0

    def blocks():
        nonlocal taken
        for block in np.split(noise(64 * 1_000), 1_000):
            taken += len(block)
            yield block

    given_out, longest = 0, 0.0
    for converted in resample_blocks(blocks(), old, new):
        longest = max(longest, taken / old - given_out / new)
        given_out += len(converted)
    assert longest < 0.012  # seconds


def test_the_same_rate_copies_nothing() -> None:
    signal = np.ones(10, np.float32)
    assert resample(signal, 48_000, 48_000) is signal
    assert [block is signal for block in resample_blocks([signal], 48_000, 48_000)] == [True]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [(0, 48_000, "rates are positive"), (47_999, 48_000, "too little in common; use one of the usual rates")],
)
def test_rates_that_cannot_be_are_refused(old: int, new: int, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        resample(np.ones(10, np.float32), old, new)
    with pytest.raises(InputError, match=reason):
        next(resample_blocks([np.ones(10, np.float32)], old, new))
