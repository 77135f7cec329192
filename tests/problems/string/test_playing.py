"""A string that was found plays scores, and as a C++ header what it plays here."""

import shutil
import subprocess
import sys

import numpy as np
import pytest
import soundfile
import torch

from voxnas.export.record_json import write_record_json
from voxnas.kernels.string_voice import Voice
from voxnas.models.strings.net import StringNet
from voxnas.problems.string.header import header
from voxnas.problems.string.score import LONGEST_S, pitch_hz, read_score
from voxnas.problems.string.stored import load_string
from voxnas.problems.string.tools.play_notes import play_notes
from voxnas.utils.errors import InputError

RATE, PERIOD = 8000, 72.7

MAIN = """
#include <cstdio>
#include "found.h"
int main() {
  string_found::String string;
  float block[64] = {};
  string.strike(0.8f);
  for (int i = 0; i < 40; ++i) {
    if (i == 10) string.set_pitch(140.0);
    if (i == 30) string.set_damping(0.2);
    for (float& x : block) x = 0;
    string.process(block, 64);
    for (float x : block) std::printf("%.9g\\n", x);
  }
}
"""


def found(**settings) -> tuple[StringNet, np.ndarray]:
    torch.manual_seed(2)
    network = StringNet(**settings)
    network.follow(PERIOD, RATE, 0.001)
    exciter = np.random.default_rng(0).uniform(-0.3, 0.3, (network.lines, 80)).astype(np.float32)
    return network, exciter - exciter.mean(1, keepdims=True)


@pytest.fixture
def stored(tmp_path):
    network, exciter = found(states=2)
    path = tmp_path / "model.json"
    write_record_json(network, path, RATE, {"exciter": exciter.tolist()})
    return path


@pytest.mark.skipif(shutil.which("c++") is None, reason="needs a C++ compiler")
@pytest.mark.parametrize(
    "settings", [{"states": 2}, {"form": "free", "hidden": "6", "energy": "level"}], ids=str
)
def test_the_header_plays_what_the_voice_plays(tmp_path, settings):
    network, exciter = found(**settings)
    (tmp_path / "found.h").write_text(header(network, exciter, "found"))
    (tmp_path / "main.cpp").write_text(MAIN)
    flags = ["-std=c++14", "-O1", "-Wall", "-Wextra", "-Werror"]
    subprocess.run(["c++", *flags, "main.cpp", "-o", "main"], cwd=tmp_path, check=True, timeout=120)
    said = subprocess.run(["./main"], cwd=tmp_path, check=True, capture_output=True, text=True, timeout=60)
    played = np.array([float(line) for line in said.stdout.split()])
    voice = Voice(network.voice_form())
    voice.strike(exciter, 0.8)
    own = [voice.play(64 * 10)]
    voice.set_pitch(140.0)
    own.append(voice.play(64 * 20))
    voice.set_damping(0.2)
    own.append(voice.play(64 * 10))
    np.testing.assert_allclose(played, np.concatenate(own), atol=1e-4)


def test_a_score_becomes_a_wav(stored, tmp_path):
    score, out = tmp_path / "riff.txt", tmp_path / "riff.wav"
    score.write_text("# a riff\n0 A2 0.8 0.5\n0.5 E3 0.6\n0.5 110.5\n")
    for exciter in ("recording", "noise", "pluck"):
        play_notes(str(stored), str(score), str(out), exciter)
        sound, rate = soundfile.read(out)
        assert rate == RATE
        assert np.isfinite(sound).all()
        assert np.abs(sound[: RATE // 2]).max() > 0.05
        assert np.abs(sound[-RATE // 4 :]).max() < 1e-3


def test_notes_are_read_in_the_order_of_time(tmp_path):
    path = tmp_path / "score.txt"
    path.write_text("1 E2\n\n0.5 82.5 0.3 1.5\n")
    notes = read_score(path)
    assert [note.second for note in notes] == [0.5, 1.0]
    assert notes[1].hz == pytest.approx(82.41, abs=0.01)
    assert pitch_hz("F#3", "") == pytest.approx(185.0, abs=0.01)
    assert pitch_hz("Bb2", "") == pytest.approx(116.54, abs=0.01)


@pytest.mark.parametrize(
    "line", ["", "0", "0 H2", "x E2", "0 E2 2", "-1 E2", "0 E2 0.5 0", "0 E9", "0 E2 1 1 1"]
)
def test_a_line_that_is_no_note_is_said(tmp_path, line):
    path = tmp_path / "score.txt"
    path.write_text(line + "\n")
    with pytest.raises(InputError, match=r"score\.txt"):
        read_score(path)


# one track, 480 ticks in a beat of 0.5 s, then of 1 s: A2 and E3 together, a drum, then A2 that never ends
MIDI = bytes.fromhex(
    "4d546864 00000006 0000 0001 01e0 4d54726b 00000031"
    "00ff5103 07a120 00902d7f 00903440 00992464 8360802d00 00ff5103 0f4240 8360903400 00902d20 8360992400"
    "00ff2f00".replace(" ", "")
)


def test_a_midi_file_is_a_score(stored, tmp_path):
    pytest.importorskip("mido", reason="mido, of the extra midi, is not installed")
    path, out = tmp_path / "riff.mid", tmp_path / "riff.wav"
    path.write_bytes(MIDI)
    notes = [(n.second, round(n.hz, 2), round(n.velocity, 3), n.seconds) for n in read_score(path)]
    assert notes == [(0.0, 110.0, 1.0, 0.5), (0.0, 164.81, 0.504, 1.5), (1.5, 110.0, 0.252, 1.0)]
    play_notes(str(stored), str(path), str(out))
    assert np.abs(soundfile.read(out)[0]).max() > 0.05


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cannot be read as a MIDI file"),
        (b"no MIDI at all", "cannot be read as a MIDI file"),
        (MIDI[:40], "cannot be read as a MIDI file"),
        (MIDI.replace(b"\x90\x2d", b"\x90\x05"), "note 5 at 0.00 s is not between"),
        (MIDI.replace(b"\x90", b"\x99"), "holds no notes"),
    ],
)
def test_a_midi_file_that_cannot_be_played_is_said(tmp_path, content, said):
    pytest.importorskip("mido", reason="mido, of the extra midi, is not installed")
    path = tmp_path / "riff.mid"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said) as error:
        read_score(path)
    assert "\n" not in str(error.value)
    assert "riff.mid" in str(error.value)


def test_without_mido_a_midi_file_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mido", None)
    path = tmp_path / "riff"  # by what it begins with
    path.write_bytes(MIDI)
    with pytest.raises(InputError, match=r"pip install 'voxnas\[midi\]'"):
        read_score(path)


def test_a_score_that_would_last_for_days_is_said(tmp_path):
    path = tmp_path / "score.txt"
    path.write_text(f"0 E2\n{LONGEST_S} E2 0.5 1\n")
    with pytest.raises(InputError, match="lasts 3601 s"):
        read_score(path)


def test_what_is_no_string_is_said(tmp_path, stored):
    with pytest.raises(InputError, match="no such string"):
        load_string(tmp_path / "nothing")
    stored.write_text("{}")
    with pytest.raises(InputError, match=r"model\.json"):
        load_string(tmp_path)
    with pytest.raises(InputError, match="score"):
        read_score(tmp_path / "none.txt")
