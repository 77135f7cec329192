"""Two clocks: corrected to a fraction of a sample, or refused; a steady pair stays as it is."""

from pathlib import Path

import numpy as np
import pytest
from known_amps import RATE, delayed, distort
from material.reamp_signal import make_reamp_signal

from voxnas.audio.files import write_audio
from voxnas.audio.pair import Pair, load_pair
from voxnas.audio.stretch import stretch
from voxnas.utils.errors import InputError


@pytest.fixture(scope="module")
def take() -> tuple[np.ndarray, np.ndarray]:
    """25 s of plucked notes, and what an amp makes of them."""
    dry = make_reamp_signal(seed=1)[20 * RATE : 45 * RATE]
    return dry, distort(dry, gain=4)


def load(folder: Path, dry: np.ndarray, amped: np.ndarray, **options) -> Pair:
    files = [write_audio(folder / name, s, RATE) for name, s in (("dry.wav", dry), ("amp.wav", amped))]
    return load_pair(*files, **options)


def drift(pair: Pair) -> tuple[str, str]:
    return next((f.level, f.message) for f in pair.findings if f.check == "drift")


@pytest.mark.parametrize(("ppm", "late"), [(-300, 700), (-1, 0), (5, 700), (100, 0)])
def test_a_drifting_target_is_brought_onto_the_clock(take, tmp_path: Path, ppm: float, late: int) -> None:
    dry, amp = take
    pair = load(tmp_path, dry, stretch(delayed(amp, late), 1 / (1 + ppm * 1e-6)))
    level, message = drift(pair)
    assert level == "notice"
    assert f"{np.sign(ppm):+.0f}"[0] in message.split("(")[1]
    found = float(message.split("(")[1].split(" ppm")[0])
    assert found == pytest.approx(ppm, abs=0.05)
    shifted = delayed(amp, late)[pair.delay_samples :] if pair.delay_samples >= 0 else amp
    size = min(len(shifted), len(pair.target)) - 200
    error = np.square(shifted[:size] - pair.target[:size], dtype=np.float64).sum()
    assert error / np.square(shifted[:size], dtype=np.float64).sum() < 1e-5


def test_the_clock_is_part_of_the_fingerprint(take, tmp_path: Path) -> None:
    dry, amp = take
    drifting = stretch(amp, 1 + 20e-6)
    pair = load(tmp_path, dry, drifting, delay=0)
    assert drift(pair)[0] == "notice"
    assert pair.delay_samples == 0
    assert load(tmp_path, dry, drifting).fingerprint != pair.fingerprint


def test_two_clocks_can_be_refused(take, tmp_path: Path) -> None:
    dry, amp = take
    with pytest.raises(InputError, match=r"two clocks; record both on one interface.*drift=auto"):
        load(tmp_path, dry, stretch(amp, 1 + 20e-6), drift="refuse")
    assert drift(load(tmp_path, dry, amp, drift="refuse"))[0] == "ok"
    with pytest.raises(InputError, match="drift is 'yes'; one of auto, refuse"):
        load(tmp_path, dry, amp, drift="yes")


@pytest.mark.parametrize(("gain", "hiss"), [(1, 1e-3), (20, 0), (200, 1e-3)])
def test_a_steady_target_stays_as_it_is(take, tmp_path: Path, gain: float, hiss: float) -> None:
    dry, _ = take
    noise = hiss * np.random.default_rng(0).standard_normal(len(dry))
    amp = (distort(dry, 2000, gain) + noise).astype(np.float32)
    pair = load(tmp_path, dry, amp)
    assert drift(pair)[0] == "ok"
    assert np.array_equal(pair.target, amp[pair.delay_samples :])


def test_absurd_clocks_are_refused(take, tmp_path: Path) -> None:
    dry, amp = take
    with pytest.raises(InputError, match="no two clocks differ by more than 500"):
        load(tmp_path, dry, stretch(amp, 1 + 900e-6))


def wowed(samples: np.ndarray, ppm: float, size: float) -> np.ndarray:
    """Read at a speed that changes: `ppm` off, and `size` samples about it once in 20 s."""
    n = np.arange(len(samples))
    at = n * (1 - ppm * 1e-6) + size * np.sin(2 * np.pi * n / RATE / 20)
    return np.interp(at, n, samples).astype(np.float32)


@pytest.mark.parametrize(("ppm", "size"), [(0, 4), (0, 12), (50, 12)])
def test_a_tape_is_refused(take, tmp_path: Path, ppm: float, size: float) -> None:
    dry, amp = take
    with pytest.raises(InputError, match=r"unevenly|steps by"):
        load(tmp_path, dry, wowed(amp, ppm, size))


def test_a_lost_buffer_beside_a_drift_is_found(take, tmp_path: Path) -> None:
    dry, amp = take
    k = len(amp) // 2
    broken = np.concatenate((amp[:k], amp[k + 256 :]))
    with pytest.raises(InputError, match=r"steps by|unevenly"):
        load(tmp_path, dry, stretch(broken, 1 + 20e-6))
