"""Resampling keeps pitch, level and timing, and has no seams."""

import numpy as np
import pytest

from voxnas.audio import resample as module
from voxnas.audio.resample import resample


@pytest.mark.parametrize(
    ("old", "new"), [(44_100, 48_000), (48_000, 44_100), (96_000, 48_000), (8_000, 48_000)]
)
def test_a_tone_stays_the_tone(old: int, new: int) -> None:
    def tone(rate: int) -> np.ndarray:
        return np.sin(2 * np.pi * 997 * np.arange(2 * rate) / rate).astype(np.float32)

    result = resample(tone(old), old, new)
    assert result.dtype == np.float32
    assert len(result) == 2 * new
    inside = slice(new // 10, -new // 10)
    assert np.abs(result - tone(new))[inside].max() < 2e-3


@pytest.mark.parametrize(("old", "new"), [(44_100, 48_000), (48_000, 44_100)])
@pytest.mark.parametrize("samples", [1, 100, 44_100, 100_001])
def test_chunks_leave_no_seam(monkeypatch: pytest.MonkeyPatch, old: int, new: int, samples: int) -> None:
    signal = np.random.default_rng(0).uniform(-1, 1, samples).astype(np.float32)
    whole = resample(signal, old, new)
    monkeypatch.setattr(module, "CHUNK_SECONDS", 0.1)
    assert len(whole) == -(-samples * new // old)
    np.testing.assert_allclose(resample(signal, old, new), whole, atol=1e-6)


def test_the_same_rate_copies_nothing() -> None:
    signal = np.ones(10, np.float32)
    assert resample(signal, 48_000, 48_000) is signal
