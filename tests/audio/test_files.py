"""Sound files of every kind are read as mono float32, and bad ones refused in one line."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from known_amps import RATE

from voxnas.audio.files import file_sample_rate, read_audio, write_audio
from voxnas.audio.streams import check_format, open_source
from voxnas.utils.errors import InputError

TONE = (0.5 * np.sin(np.arange(RATE) / 20)).astype(np.float32)


@pytest.mark.parametrize(
    ("suffix", "subtype", "step"),
    [
        ("wav", "PCM_U8", 2**-7),
        ("wav", "PCM_16", 2**-15),
        ("wav", "PCM_24", 2**-23),
        ("wav", "PCM_32", 2**-24),
        ("wav", "FLOAT", 0),
        ("wav", "DOUBLE", 0),
        ("flac", "PCM_16", 2**-15),
        ("flac", "PCM_24", 2**-23),
        ("aiff", "PCM_24", 2**-23),
    ],
)
def test_every_format_and_depth(tmp_path: Path, suffix: str, subtype: str, step: float) -> None:
    path = tmp_path / f"tone.{suffix}"
    soundfile.write(path, TONE, 44_100, subtype=subtype)
    clip = read_audio(path)
    assert clip.samples.dtype == np.float32
    assert clip.sample_rate == file_sample_rate(path) == 44_100
    assert np.abs(clip.samples - TONE).max() <= step


def test_louder_channel_is_taken_with_a_notice(tmp_path: Path) -> None:
    path = tmp_path / "stereo.wav"
    soundfile.write(path, np.stack((0.1 * TONE, TONE), axis=1), RATE, subtype="FLOAT")
    clip = read_audio(path)
    assert np.array_equal(clip.samples, TONE)
    assert [f.level for f in clip.findings if f.check == "channels"] == ["notice"]
    assert np.array_equal(read_audio(path, channel=0).samples, np.float32(0.1) * TONE)


@pytest.mark.parametrize("channel", [2, -1])
def test_channel_that_is_not_there(tmp_path: Path, channel: int) -> None:
    path = write_audio(tmp_path / "mono.wav", TONE, RATE)
    with pytest.raises(InputError, match=rf"mono.wav: no channel {channel}"):
        read_audio(path, channel=channel)


@pytest.mark.parametrize("content", [b"", b"this is no audio at all", b"RIFF\x00\x00\x00\x00WAVE"])
def test_not_audio(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "text.wav"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"text\.wav: (cannot be read as audio|holds no audio)") as caught:
        read_audio(path)
    assert "\n" not in str(caught.value)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.wav", tmp_path):
        with pytest.raises(InputError, match="no such file"):
            read_audio(path)


def test_no_frames(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "empty.wav", TONE[:0], RATE)
    with pytest.raises(InputError, match="holds no audio"):
        read_audio(path)


def test_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "cut.flac"
    soundfile.write(path, np.random.default_rng(0).uniform(-1, 1, RATE), RATE)
    path.write_bytes(path.read_bytes()[:-60_000])
    with pytest.raises(InputError, match=r"cut\.flac"):
        read_audio(path)


def test_lossy_files_are_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "tone.ogg"
    soundfile.write(path, TONE, RATE)
    assert read_audio(path).findings[0].level == "warning"


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "kept.flac", TONE, RATE, "PCM_24")
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"kept\.flac: cannot be written as FLOAT"):
        write_audio(path, TONE, RATE, "FLOAT")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("sizes", [(0, 0), (0xFFFFFFFF, 0), (0xFFFFFFFF, 0xFFFFFFFF), (36, 0)])
def test_a_wav_whose_sizes_were_never_written_is_recovered(tmp_path: Path, sizes: tuple[int, int]) -> None:
    path = tmp_path / "crash.wav"
    soundfile.write(path, TONE, RATE, subtype="PCM_24")
    content = bytearray(path.read_bytes())
    at = content.find(b"data")
    content[4:8], content[at + 4 : at + 8] = (size.to_bytes(4, "little") for size in sizes)
    path.write_bytes(content)
    clip = read_audio(path)
    assert np.abs(clip.samples - TONE).max() <= 2**-23
    assert any("recovered" in f.message for f in clip.findings if f.level == "notice")
    assert path.read_bytes() == content
    with open_source(path) as source:
        assert sum(map(len, source.blocks())) == len(TONE)
        assert any("recovered" in notice for notice in source.notices)


def test_a_whole_wav_is_not_recovered(tmp_path: Path) -> None:
    clip = read_audio(write_audio(tmp_path / "tone.wav", TONE, RATE))
    assert not any("recovered" in f.message for f in clip.findings)


@pytest.mark.parametrize(
    ("name", "subtype"), [("o.mp3", None), ("o.ogg", None), ("o.txt", None), ("o", None)]
)
def test_formats_that_can_be_written_are_named(tmp_path: Path, name: str, subtype: str | None) -> None:
    with pytest.raises(InputError, match=r"\.wav, \.flac or \.aiff"):
        check_format(tmp_path / name)
