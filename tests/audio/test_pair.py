"""Every bad pair is refused, or noticed, in one clear line; a good one comes out aligned."""

from pathlib import Path

import numpy as np
import pytest
from known_amps import RATE, delayed, distort

from voxnas.audio.files import write_audio
from voxnas.audio.pair import Pair, load_pair
from voxnas.utils.errors import InputError

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"


class Folder:
    """Writes pairs and loads them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(
        self, dry: np.ndarray, amped: np.ndarray, rates: tuple[int, int] = (RATE, RATE), **options
    ) -> Pair:
        files = [
            write_audio(self.path / name, samples, rate)
            for name, samples, rate in zip(("dry.wav", "amp.wav"), (dry, amped), rates, strict=True)
        ]
        return load_pair(*files, **options)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def found(pair: Pair, check: str) -> str:
    return next(finding.level for finding in pair.findings if finding.check == check)


def test_a_late_target_is_aligned(folder: Folder, guitar: np.ndarray) -> None:
    pair = folder.load(guitar, delayed(distort(guitar), 480))
    assert 474 <= pair.delay_samples <= 480
    assert found(pair, "delay") == "notice"
    early = 480 - pair.delay_samples
    np.testing.assert_array_equal(pair.target[early:], distort(guitar)[: len(pair.target) - early])
    assert len(pair.input) == len(pair.target)
    assert pair.input.dtype == pair.target.dtype == np.float32


def test_an_early_target_is_aligned(folder: Folder, guitar: np.ndarray) -> None:
    pair = folder.load(guitar, delayed(distort(guitar), -300))
    assert -306 <= pair.delay_samples <= -300
    assert "early" in next(f.message for f in pair.findings if f.check == "delay")


def test_delay_by_hand(folder: Folder, guitar: np.ndarray) -> None:
    late = delayed(distort(guitar), 480)
    assert folder.load(guitar, late, delay=0).delay_samples == 0
    assert folder.load(guitar, late, delay=470).delay_samples == 470
    assert found(folder.load(guitar, late, delay=500), "delay") == "warning"  # needs input from the future
    with pytest.raises(InputError, match="delay is 'soon'"):
        folder.load(guitar, late, delay="soon")


def test_inverted_polarity_is_noticed(folder: Folder, guitar: np.ndarray) -> None:
    assert found(folder.load(guitar, -distort(guitar)), "polarity") == "notice"
    assert found(folder.load(guitar, distort(guitar)), "polarity") == "ok"


def test_different_rates(folder: Folder, guitar: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"dry\.wav → .*amp\.wav: input has 44100 Hz"):
        folder.load(guitar, distort(guitar), rates=(44_100, RATE))


def test_resampling_brings_both_to_one_rate(folder: Folder, guitar: np.ndarray) -> None:
    pair = folder.load(guitar, distort(guitar), sample_rate=44_100)
    assert pair.sample_rate == 44_100
    assert len(pair.input) == pytest.approx(len(guitar) * 44_100 / RATE, abs=1)
    assert pair.delay_samples == 0


def test_lengths(folder: Folder, guitar: np.ndarray) -> None:
    amped = distort(guitar)
    pair = folder.load(guitar, amped[: -RATE // 2])
    assert len(pair.input) == len(pair.target) == len(guitar) - RATE // 2
    assert found(pair, "length") == "notice"
    with pytest.raises(InputError, match=r"input is 2\.00 s longer"):
        folder.load(guitar, amped[: -2 * RATE])


def test_several_errors_come_in_one_line(folder: Folder, guitar: np.ndarray) -> None:
    broken = guitar.copy()
    broken[7] = np.nan
    with pytest.raises(InputError) as caught:
        folder.load(broken, 0 * guitar)
    assert "1 samples are NaN" in str(caught.value)
    assert "silent" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_copy_is_refused(folder: Folder, guitar: np.ndarray) -> None:
    with pytest.raises(InputError, match="target is the input"):
        folder.load(guitar, delayed(0.5 * guitar, 100))


def test_another_take_is_refused(folder: Folder, guitar: np.ndarray) -> None:
    other = 0.1 * np.random.default_rng(0).standard_normal(len(guitar)).astype(np.float32)
    with pytest.raises(InputError, match="nothing to do with input"):
        folder.load(guitar, other)


def test_a_filter_is_warned_of(folder: Folder, guitar: np.ndarray) -> None:
    smooth = np.convolve(guitar, np.hanning(16))[: len(guitar)].astype(np.float32) / 8
    assert found(folder.load(guitar, smooth), "relation") == "warning"


def test_clipping_and_dc_are_warned_of(folder: Folder, guitar: np.ndarray) -> None:
    pair = folder.load(np.clip(4 * guitar, -0.8, 0.8), distort(guitar) + np.float32(0.05))
    warned = {finding.check for finding in pair.findings if finding.level == "warning"}
    assert warned == {"clipping", "dc offset"}


def test_fingerprint_names_files_and_settings(folder: Folder, guitar: np.ndarray) -> None:
    first = folder.load(guitar, distort(guitar))
    files = (first.input_path, first.target_path)
    assert load_pair(*files).fingerprint == first.fingerprint
    assert load_pair(*files, delay=0).fingerprint != first.fingerprint
    assert load_pair(*reversed(files)).fingerprint != first.fingerprint


@pytest.mark.parametrize(
    ("name", "delay"), [("ts9_drive0.75", {0}), ("ds1_drive0.5_tone0.5", {29, 30, 31, 32})]
)
def test_real_recordings(name: str, delay: set[int]) -> None:
    """The second device has an oversampler's latency: no filter gains from input less than 32 samples old."""
    if not (DATA / f"{name}.flac").exists():
        pytest.skip(f"the recording {name}.flac is not beside this checkout")
    pair = load_pair(DATA / "di.flac", DATA / f"{name}.flac")
    assert pair.delay_samples in delay
    assert {finding.level for finding in pair.findings} <= {"ok", "notice"}
