"""Reading a recording faster or slower leaves nothing else changed."""

import numpy as np
import pytest
from known_amps import RATE

from voxnas.audio import stretch as module
from voxnas.audio.stretch import stretch


@pytest.mark.parametrize("hertz", [50, 1000, 10_000, 20_000])
@pytest.mark.parametrize("ppm", [-400, 3, 137])
def test_a_sine_stays_one(hertz: float, ppm: float) -> None:
    sine = np.sin(2 * np.pi * hertz / RATE * np.arange(3 * RATE)).astype(np.float32)
    ratio = 1 + ppm * 1e-6
    read = stretch(sine, ratio)
    exact = np.sin(2 * np.pi * hertz / RATE * ratio * np.arange(len(read)))
    assert len(read) == int((len(sine) - 1) / ratio) + 1
    assert np.abs(read - exact)[200:-200].max() < 2e-5


def test_seams_of_chunks_are_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(0).standard_normal(5000).astype(np.float32)
    whole = stretch(noise, 1 + 1e-4)
    monkeypatch.setattr(module, "CHUNK", 700)
    np.testing.assert_allclose(stretch(noise, 1 + 1e-4), whole, atol=1e-6)


@pytest.mark.parametrize("samples", [0, 1, 100])
def test_a_snippet_is_read(samples: int) -> None:
    assert len(stretch(np.ones(samples, np.float32), 0.9999)) == samples
