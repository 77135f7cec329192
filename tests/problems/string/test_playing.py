"""A string that was found plays scores, and as a C++ header what it plays here."""

import shutil
import subprocess

import numpy as np
import pytest
import soundfile
import torch

from voxnas.export.record_json import write_record_json
from voxnas.kernels.string_voice import Voice
from voxnas.models.strings.net import StringNet
from voxnas.problems.string.header import header
from voxnas.problems.string.score import pitch_hz, read_score
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


def test_what_is_no_string_is_said(tmp_path, stored):
    with pytest.raises(InputError, match="no such string"):
        load_string(tmp_path / "nothing")
    stored.write_text("{}")
    with pytest.raises(InputError, match=r"model\.json"):
        load_string(tmp_path)
    with pytest.raises(InputError, match="score"):
        read_score(tmp_path / "none.txt")
