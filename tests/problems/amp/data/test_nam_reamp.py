"""A re-amped take of the standard recording's layout: sections, latency and the two passes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hydra.utils import instantiate
from material.reamp_signal import make_reamp_signal
from omegaconf import DictConfig
from scipy.signal import butter, lfilter

from voxnas.audio.files import write_audio
from voxnas.audio.stretch import stretch
from voxnas.problems.amp.data.amp_pair import Recording
from voxnas.problems.amp.data.nam_reamp import SAMPLE_RATE, click_latency, load_nam_reamp, replicate_esr
from voxnas.utils.errors import InputError

SECOND = SAMPLE_RATE
slow = pytest.mark.slow  # to examine the three minutes of a take takes some seconds


@pytest.fixture(scope="module")
def dry() -> np.ndarray:
    return make_reamp_signal(seed=0)


def device(dry: np.ndarray, latency: int) -> np.ndarray:
    """An amp of known latency: clipper, low-pass, a little hiss."""
    amped = lfilter(*butter(1, 6000, fs=SAMPLE_RATE), np.tanh(10 * dry)) * 0.5
    amped += 1e-5 * np.random.default_rng(0).standard_normal(len(dry))
    shifted = np.roll(amped, latency)
    shifted[: max(0, latency)] = 0
    return shifted.astype(np.float32)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, dry: np.ndarray) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("reamp")
    target = device(dry, latency=731)
    return (
        write_audio(folder / "input.wav", dry, SAMPLE_RATE, "PCM_24"),
        write_audio(folder / "amp.wav", target, SAMPLE_RATE, "PCM_24"),
    )


def test_sections_and_latency(files: tuple[Path, Path]) -> None:
    recording = load_nam_reamp(*files)
    assert 729 <= recording.extra["latency_samples"] <= 731
    assert recording.pair.delay_samples == recording.extra["latency_samples"]
    assert recording.extra["replicate_esr"] < 1e-3
    assert recording.sections.train == (10 * SECOND, 181 * SECOND)
    assert recording.sections.test == (0, 9 * SECOND)
    assert recording.sections.val == (181 * SECOND, len(recording.pair.input))
    assert [finding.check for finding in recording.sections.findings] == ["replicates"]


@pytest.mark.parametrize("latency", [0, 1, 64, 731, 9000, -500])
def test_clicks_tell_the_latency_and_never_more(dry: np.ndarray, latency: int) -> None:
    assert latency - 2 <= click_latency(dry, device(dry, latency)) <= latency


@slow
def test_an_early_target_keeps_its_sections(
    tmp_path: Path, dry: np.ndarray, files: tuple[Path, Path]
) -> None:
    early = write_audio(tmp_path / "early.wav", device(dry, -480), SAMPLE_RATE)
    recording = load_nam_reamp(files[0], early)
    offset = -recording.pair.delay_samples
    assert 480 <= offset <= 482
    assert recording.sections.train == (10 * SECOND - offset, 181 * SECOND - offset)
    assert recording.extra["replicate_esr"] < 1e-3


def test_the_signal_repeats_its_first_pass_and_its_seed(dry: np.ndarray) -> None:
    assert len(dry) == 190 * SECOND
    assert replicate_esr(dry) == 0
    assert np.array_equal(dry, make_reamp_signal(seed=0))
    assert not np.array_equal(dry, make_reamp_signal(seed=1))
    assert not dry[9 * SECOND : int(10.5 * SECOND)].any()


@slow
def test_passes_that_differ(tmp_path: Path, dry: np.ndarray, files: tuple[Path, Path]) -> None:
    moved = device(dry, 100)
    moved[181 * SECOND :] *= 1.2  # ESR .2² = .04
    target = write_audio(tmp_path / "moved.wav", moved, SAMPLE_RATE)
    with pytest.raises(InputError, match=r"moved\.wav: the two validation passes differ by an ESR of 0\.04"):
        load_nam_reamp(files[0], target)
    recording = load_nam_reamp(files[0], target, strict=False)
    assert [finding.level for finding in recording.sections.findings] == ["warning"]


@slow
def test_the_config_chooses_channels_and_how_strict_to_be(
    composed: Callable[..., DictConfig], tmp_path: Path, dry: np.ndarray
) -> None:
    good, moved = device(dry, 100), device(dry, 100)
    moved[181 * SECOND :] *= 1.2
    rolled = np.roll(dry, 30 * SECOND)
    input = write_audio(tmp_path / "input.wav", np.stack([2 * rolled, dry], axis=1), SAMPLE_RATE)
    target = write_audio(tmp_path / "amp.wav", np.stack([good, 2 * moved], axis=1), SAMPLE_RATE)

    def load(*overrides: str) -> Recording:
        files = (f"data.input={input}", f"data.target={target}")
        return instantiate(composed("train", "data=nam_reamp", *files, *overrides).data).recording

    with pytest.raises(InputError, match="no click"):
        load("data.target_channel=0")
    with pytest.raises(InputError, match="the two validation passes differ"):
        load("data.channel=1")
    assert [f.level for f in load("data.channel=1", "data.target_channel=0").sections.findings] == ["ok"]
    assert [f.level for f in load("data.channel=1", "data.strict=false").sections.findings] == ["warning"]


def test_wrong_rate_length_and_signal(tmp_path: Path, dry: np.ndarray, files: tuple[Path, Path]) -> None:
    cases = {
        "44100 Hz; the standard recording has 48000": write_audio(tmp_path / "rate.wav", dry, 44_100),
        "180.00 s long; the standard recording": write_audio(
            tmp_path / "cut.wav", dry[: 180 * SECOND], SAMPLE_RATE
        ),
        "does not answer the clicks": write_audio(
            tmp_path / "quiet.wav", dry * np.float32(1e-4), SAMPLE_RATE
        ),
    }
    for message, target in cases.items():
        with pytest.raises(InputError, match=message):
            load_nam_reamp(files[0], target)
    other = write_audio(tmp_path / "other.wav", np.roll(dry, 30 * SECOND), SAMPLE_RATE)
    with pytest.raises(InputError, match=r"no click at 10\.5 s"):
        load_nam_reamp(other, files[1])


@slow
@pytest.mark.parametrize("latency", [12_000, 30_000, -4_800])
def test_a_take_far_off_its_place_is_found(tmp_path: Path, dry: np.ndarray, latency: int) -> None:
    files = (
        write_audio(tmp_path / "input.wav", dry, SAMPLE_RATE),
        write_audio(tmp_path / "amp.wav", device(dry, latency), SAMPLE_RATE),
    )
    assert latency - 2 <= load_nam_reamp(*files).pair.delay_samples <= latency


@slow
def test_a_clock_of_its_own_is_corrected(tmp_path: Path, dry: np.ndarray, files: tuple[Path, Path]) -> None:
    drifting = write_audio(
        tmp_path / "drifting.wav", stretch(device(dry, latency=731), 1 + 30e-6), SAMPLE_RATE
    )
    recording = load_nam_reamp(files[0], drifting)
    assert 728 <= recording.extra["latency_samples"] <= 732
    assert recording.extra["replicate_esr"] < 1e-3
    assert "-30.0" in next(f.message for f in recording.pair.findings if f.check == "drift")
