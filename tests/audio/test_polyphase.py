"""Conversion while playing: exact in time, deaf to what the lower rate cannot hold, and quick."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voxnas.audio.polyphase import MOST_RATIO, PASS, STOP, PolyphaseConverter, low_delay, prototype
from voxnas.utils.errors import InputError

PAIRS = [(44100, 48000), (48000, 44100), (96000, 48000), (48000, 96000), (88200, 48000), (48000, 192000)]


def tone(frequency: float, rate: int, seconds: float = 0.5) -> np.ndarray:
    return np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate).astype(np.float32)


def level(signal: np.ndarray) -> float:
    """In dB, without the beginning."""
    return float(10 * np.log10(np.mean(np.square(signal[len(signal) // 4 :], dtype=np.float64)) + 1e-20))


@pytest.mark.parametrize(("from_rate", "to_rate"), PAIRS)
@pytest.mark.parametrize("frequency", [100, 1000, 5000])
def test_a_tone_is_the_same_tone_a_little_later(from_rate, to_rate, frequency):
    played = PolyphaseConverter(from_rate, to_rate).convert(tone(frequency, from_rate))
    time = np.arange(len(played)) / to_rate
    parts = np.stack([np.cos(2 * np.pi * frequency * time), np.sin(2 * np.pi * frequency * time)], axis=1)
    half = len(played) // 2
    found, *_ = np.linalg.lstsq(parts[half:], played[half:], rcond=None)
    assert np.hypot(*found) == pytest.approx(1, abs=1e-4)
    late = -np.arctan2(found[0], found[1]) / (2 * np.pi * frequency) * min(from_rate, to_rate)
    assert late == pytest.approx(low_delay(), rel=0.1)
    assert level(played[half:] - parts[half:] @ found) < -100


@pytest.mark.parametrize(("from_rate", "to_rate"), [(96000, 48000), (88200, 48000), (192000, 44100)])
def test_what_the_lower_rate_cannot_hold_is_100_db_down(from_rate, to_rate):
    beyond = STOP * to_rate / 2
    for frequency in np.linspace(beyond, from_rate / 2, 5)[:-1]:
        assert level(PolyphaseConverter(from_rate, to_rate).convert(tone(frequency, from_rate))) < -100


@pytest.mark.parametrize(("from_rate", "to_rate"), [pair for pair in PAIRS if pair[0] < pair[1]])
def test_images_are_100_db_down(from_rate, to_rate):
    frequency = (2 - STOP) * from_rate / 2 * 0.99  # whose image lies just beyond the band's end
    played = PolyphaseConverter(from_rate, to_rate).convert(tone(frequency, from_rate, 1.0))[to_rate // 4 :]
    spectrum = np.abs(np.fft.rfft(played * np.blackman(len(played)) ** 2))
    axis = np.fft.rfftfreq(len(played), 1 / to_rate)
    elsewhere = spectrum[np.abs(axis - frequency) > 40]
    assert 20 * np.log10(elsewhere.max() / spectrum.max()) < -100


def test_the_filter_is_flat_where_it_passes():
    response = np.abs(np.fft.rfft(prototype(), 1 << 16)) / 32
    axis = np.fft.rfftfreq(1 << 16) * 2 * 32
    assert 20 * np.log10(response[axis < PASS]) == pytest.approx(0, abs=1e-3)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 300), min_size=1, max_size=12), st.sampled_from([*PAIRS, (8000, 44100)]))
def test_blocks_join_without_a_seam(sizes, rates):
    signal = np.random.default_rng(0).standard_normal(sum(sizes)).astype(np.float32)
    whole, pieces = PolyphaseConverter(*rates), PolyphaseConverter(*rates)
    parts = [pieces.convert(part) for part in np.split(signal, np.cumsum(sizes)[:-1])]
    np.testing.assert_allclose(np.concatenate(parts), whole.convert(signal), atol=1e-6)


def test_an_hour_later_it_still_counts_right():
    converter = PolyphaseConverter(44100, 48000)
    total = sum(len(converter.convert(np.zeros(44100, np.float32))) for _ in range(30))
    assert total == 30 * 48000


def test_compiled_code_does_the_same():
    kernels = pytest.importorskip("voxnas.kernels.resampler")
    signal = np.random.default_rng(1).standard_normal(5000).astype(np.float32)
    for rates in [*PAIRS, (192000, 44100), (44100, 47999)]:
        try:
            native = kernels.NativeConverter(prototype(), 32, *rates)
        except kernels.Unavailable as reason:
            pytest.skip(str(reason))
        plain = PolyphaseConverter(*rates)
        for part in np.split(signal, [7, 8, 2000, 2001]):
            np.testing.assert_allclose(native.convert(part), plain.convert(part), atol=2e-6)


@pytest.mark.parametrize("rates", [(0, 48000), (48000, -1), (8000, 8000 * MOST_RATIO + 1), (10**7, 10**7)])
def test_rates_that_cannot_be_are_refused(rates):
    with pytest.raises(InputError, match="cannot convert"):
        PolyphaseConverter(*rates)
