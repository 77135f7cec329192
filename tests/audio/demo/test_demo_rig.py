import multiprocessing
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.linalg import solve_toeplitz
from scipy.signal import fftconvolve

from voxnas.audio.demo.cache import demo_pair
from voxnas.audio.demo.rig import make_pair, play_amp
from voxnas.utils.errors import InputError


def test_the_same_arguments_make_the_same_pair() -> None:
    first, second = make_pair(seconds=2), make_pair(seconds=2)
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def test_another_seed_plays_something_else() -> None:
    first, second = make_pair(seconds=2)[0], make_pair(seconds=2, seed=1)[0]
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.5


@pytest.mark.parametrize("knob", ["drive", "tone", "level", "compress"])
def test_each_knob_changes_the_amp_and_not_the_guitar(knob: str) -> None:
    dry, wet = make_pair(seconds=2)
    other_dry, other_wet = make_pair(seconds=2, **{knob: 0.9})
    np.testing.assert_array_equal(dry, other_dry)
    assert np.sum((wet - other_wet) ** 2) > 0.01 * np.sum(wet**2)


@pytest.mark.parametrize("sample_rate", [44_100, 48_000, 96_000])
def test_a_pair_is_two_float32_recordings_of_equal_length(sample_rate: int) -> None:
    for signal in make_pair(seconds=1.5, sample_rate=sample_rate):
        assert signal.shape == (round(1.5 * sample_rate),)
        assert signal.dtype == np.float32
        assert np.all(np.isfinite(signal))


@pytest.mark.parametrize("drive", [0.0, 1.0])
@pytest.mark.parametrize("tone", [0.0, 1.0])
@pytest.mark.parametrize("level", [0.0, 1.0])
def test_no_setting_of_the_knobs_clips_or_adds_dc(drive: float, tone: float, level: float) -> None:
    _, wet = make_pair(seconds=6, drive=drive, tone=tone, level=level)
    assert np.max(np.abs(wet)) < 0.99
    assert abs(np.mean(wet)) < 1e-3


def test_the_amp_is_causal() -> None:
    """Another future leaves the past as it is, to the last bit that the convolution's FFT keeps."""
    dry = make_pair(seconds=2)[0]
    changed = dry.copy()
    changed[60_000:] *= -0.5
    difference = np.abs(play_amp(dry, 48_000) - play_amp(changed, 48_000))
    assert np.max(difference[:60_000]) < 1e-7
    assert np.max(difference[60_000:60_010]) > 1e-3


def linear_esr(dry: np.ndarray, wet: np.ndarray, taps: int = 1024) -> float:
    """The error-to-signal ratio that the best FIR filter leaves (Wiener's normal equations)."""
    size = 2 * len(dry)
    dry_spectrum, wet_spectrum = np.fft.rfft(dry, size), np.fft.rfft(wet, size)
    auto = np.fft.irfft(np.abs(dry_spectrum) ** 2, size)[:taps]
    auto[0] *= 1 + 1e-9
    cross = np.fft.irfft(wet_spectrum * dry_spectrum.conj(), size)[:taps]
    error = wet - fftconvolve(dry, solve_toeplitz(auto, cross))[: len(wet)]
    return float(np.sum(error**2) / np.sum(wet**2))


def test_no_linear_filter_can_imitate_the_amp() -> None:
    dry, wet = (signal.astype(np.float64) for signal in make_pair(seconds=12))
    assert 0.1 < linear_esr(dry, wet) < 0.4


def test_soft_playing_through_the_amp_s_clean_setting_is_nearly_linear() -> None:
    dry = 0.005 * make_pair(seconds=6)[0].astype(np.float64)
    assert linear_esr(dry, play_amp(dry, 48_000, drive=0.0, level=0.2)) < 0.01


@pytest.mark.parametrize(
    "bad",
    [
        {"drive": 1.1},
        {"tone": -0.1},
        {"level": float("nan")},
        {"seconds": 0.0},
        {"sample_rate": 100},
        {"seed": -1},
        {"seed": 1.5},
        {"seconds": "long"},
    ],
)
def test_an_argument_out_of_range_is_named(bad: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(bad))):
        make_pair(**bad)  # type: ignore[arg-type]


def test_files_hold_the_pair_and_are_made_once(tmp_path: Path) -> None:
    paths = demo_pair(tmp_path, seconds=2, seed=3)
    for path, signal in zip(paths, make_pair(seconds=2, seed=3), strict=True):
        written, sample_rate = soundfile.read(path, dtype="float32")
        assert sample_rate == 48_000
        np.testing.assert_allclose(written, signal, atol=2**-23)
    made_at = [path.stat().st_mtime_ns for path in paths]
    assert demo_pair(tmp_path, seconds=2, seed=3) == paths
    assert [path.stat().st_mtime_ns for path in paths] == made_at
    assert demo_pair(tmp_path, seconds=2, seed=4) != paths


def test_a_lost_file_is_made_again_byte_for_byte(tmp_path: Path) -> None:
    _, target = demo_pair(tmp_path, seconds=2)
    before = target.read_bytes()
    target.unlink()
    assert demo_pair(tmp_path, seconds=2)[1].read_bytes() == before


def _ask(folder: Path, results: "multiprocessing.Queue[tuple[float, float]]") -> None:
    results.put(tuple(float(np.std(soundfile.read(path)[0])) for path in demo_pair(folder, seconds=1)))


def test_processes_that_ask_at_once_all_get_whole_files(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [context.Process(target=_ask, args=(tmp_path, results)) for _ in range(4)]
    for process in processes:
        process.start()
    answers = [results.get(timeout=120) for _ in processes]
    for process in processes:
        process.join()
    assert len(set(answers)) == 1
    assert sorted(path.name for path in tmp_path.rglob("*.wav")) == ["input.wav", "target.wav"]
    assert not list(tmp_path.rglob(".*"))


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="choose another folder"):
        demo_pair(tmp_path / "file", seconds=1)
