"""A user's pair becomes a recording with sections."""

from pathlib import Path

import numpy as np
import pytest
from scipy.signal import butter, lfilter

from voxnas.audio.files import write_audio
from voxnas.problems.amp.data.amp_pair import load_amp_pair
from voxnas.utils.errors import InputError

RATE = 8_000


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """10 s of dull noise, and the same distorted and 40 samples late."""
    dry = lfilter(*butter(1, 500, fs=RATE), np.random.default_rng(0).standard_normal(10 * RATE))
    amped = np.tanh(3 * np.concatenate((np.zeros(40), dry[:-40])))
    return write_audio(tmp_path / "dry.wav", dry, RATE), write_audio(
        tmp_path / "amp.flac", amped, RATE, "PCM_24"
    )


def test_sections_are_those_of_the_aligned_pair(files: tuple[Path, Path]) -> None:
    recording = load_amp_pair(*files)
    assert 36 <= recording.pair.delay_samples <= 40
    assert recording.sections.test[1] == len(recording.pair.input) == 10 * RATE - recording.pair.delay_samples
    late = 40 - recording.pair.delay_samples
    expected = np.tanh(3 * recording.pair.input[: len(recording.pair.target) - late])
    np.testing.assert_allclose(recording.pair.target[late:], expected, atol=1e-6)


def test_sections_in_seconds(files: tuple[Path, Path]) -> None:
    sections = load_amp_pair(*files, delay=0, train="0:6", val="6:8", test="8:").sections
    assert sections.train == (0, 6 * RATE)
    assert sections.test == (8 * RATE, 10 * RATE)


def test_a_section_beyond_the_end(files: tuple[Path, Path]) -> None:
    with pytest.raises(InputError, match="ends after the recording"):
        load_amp_pair(*files, train="0:6", val="6:8", test="8:11")
