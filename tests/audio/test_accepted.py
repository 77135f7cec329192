"""Recordings of the usual kinds are decoded; anything else is one line before that."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from voxnas.audio.accepted import LOSSLESS, SAMPLES
from voxnas.audio.files import read_audio
from voxnas.audio.streams import open_source
from voxnas.utils.errors import InputError

TONE = 0.5 * np.sin(np.arange(4800) * 0.05)
HELD = [(k, s) for k in sorted(LOSSLESS) for s in sorted(SAMPLES) if soundfile.check_format(k, s)]
RARE = [
    ("WAV", "ULAW"),
    ("WAV", "IMA_ADPCM"),
    ("WAV", "GSM610"),
    ("AIFF", "ALAW"),
    ("AIFF", "DWVW_16"),
    ("W64", "ALAW"),
]
CONTAINERS = ["AU", "CAF", "VOC", "XI", "SDS", "PAF", "NIST", "SVX", "MAT5", "IRCAM", "AVR", "HTK", "PVF"]


@pytest.mark.parametrize(("kind", "subtype"), HELD)
def test_the_usual_kinds_are_read(tmp_path: Path, kind: str, subtype: str) -> None:
    path = tmp_path / "take.any"
    soundfile.write(path, TONE, 48_000, subtype=subtype, format=kind)
    np.testing.assert_allclose(read_audio(path).samples, TONE, atol=0.01)


@pytest.mark.parametrize(("kind", "subtype"), RARE)
def test_a_rare_codec_is_named_in_one_line(tmp_path: Path, kind: str, subtype: str) -> None:
    path = tmp_path / "take.wav"
    soundfile.write(path, TONE, 8_000, subtype=subtype, format=kind)
    said = (
        rf"take\.wav: cannot be read as audio \({subtype} in {kind}\); give a WAV, FLAC or AIFF file with PCM"
    )
    with pytest.raises(InputError, match=said):
        read_audio(path)
    with pytest.raises(InputError, match=said), open_source(path):
        pass


@pytest.mark.parametrize("kind", CONTAINERS)
def test_of_a_rare_container_libsndfile_sees_nothing(tmp_path: Path, kind: str, monkeypatch) -> None:
    path = tmp_path / "take.wav"
    subtype = soundfile.default_subtype(kind) or "PCM_16"
    soundfile.write(path, TONE, 8_000, subtype=subtype, format=kind)
    monkeypatch.setattr(soundfile, "SoundFile", None)
    with pytest.raises(InputError, match=r"take\.wav: cannot be read as audio \(it does not begin"):
        read_audio(path)
