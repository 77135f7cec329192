"""Playing as a user plays: render.py interrupted, realtime_demo.py with a file in place of a sound card."""

import json
import signal
import sys
import time

import numpy as np
import pytest
import soundfile
import torch
from scripts import start_script

from voxnas.engine.make import make_engine
from voxnas.engine.play import play
from voxnas.export.nam import write_nam
from voxnas.models.wavenet import WaveNet, stack

RATE = 48000
FADE = 480


def network(seed: int) -> WaveNet:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return stack(4, 3, head_scale=0.5)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two models, `a.nam` and `b.nam`, and two and a half seconds of noise."""
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate("ab"):
        write_nam(network(seed), tmp_path / f"{name}.nam", RATE, {"name": name})
    soundfile.write(tmp_path / "dry.wav", clip(), RATE, subtype="FLOAT")
    return tmp_path


def clip() -> np.ndarray:
    return (0.2 * np.random.default_rng(0).standard_normal(5 * RATE // 2)).astype(np.float32)


def read(path) -> np.ndarray:
    return soundfile.read(path, dtype="float32")[0]


def test_the_demo_plays_a_file_at_its_pace_and_reports(run_here, folder):
    arguments = ("model=a.nam", "block_size=480", "output=wet.wav", "json=figures.json")
    start = time.perf_counter()
    done = run_here("realtime_demo", "--file", "dry.wav", *arguments)
    assert time.perf_counter() - start >= 2.49
    assert done.code == 0, done.err
    figures = json.loads((folder / "figures.json").read_text())
    assert (figures["blocks"], figures["seconds"], figures["switches"]) == (250, 2.5, 0)
    assert 0 < figures["load_mean"] <= figures["load_max"]
    assert figures["deadline_misses"] <= figures["xruns"] < 250
    expected = f"deadline misses {figures['deadline_misses']}, xruns {figures['xruns']}"
    assert "played 2.5 s in 250 blocks of 480 samples (10.00 ms at 48000 Hz)" in done.out
    assert expected in done.out
    np.testing.assert_allclose(read(folder / "wet.wav"), play(make_engine(network(0)), clip()), atol=1e-5)


def test_the_demo_switches_models_while_playing_without_a_seam(run_here, folder):
    done = run_here(
        "realtime_demo", "models=[a.nam,b.nam]", "file=dry.wav", "block_size=256", "output=wet.wav",
        "switch_every=0.6", "seconds=2",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert [line.split(": ")[1] for line in done.out.splitlines()[:4]] == ["a", "b", "a", "b"]
    wet = read(folder / "wet.wav")
    assert 2 * RATE <= len(wet) < len(clip())
    a, b = (play(make_engine(network(seed)), clip())[: len(wet)] for seed in (0, 1))
    of_a, of_b = (np.abs(wet - offline) < 1e-5 for offline in (a, b))
    # long stretches of each, and short ones between them that are neither: the fades
    assert min(of_a.mean(), of_b.mean()) > 0.2
    assert (~of_a & ~of_b).sum() <= 3 * FADE
    low, high = np.minimum(a, b) - 1e-5, np.maximum(a, b) + 1e-5
    assert ((low <= wet) & (wet <= high)).all()


def test_the_demo_without_pace_is_quick_and_plays_at_the_rate_asked_for(run_here, folder):
    arguments = ("model=a.nam", "file=dry.wav", "output=wet.flac", "pace=false", "sample_rate=44100")
    done = run_here("realtime_demo", *arguments)
    assert done.code == 0, done.err
    assert "note: a is for 48000 Hz: made to sound right at 44100 Hz" in done.out
    info = soundfile.info(folder / "wet.flac")
    assert (info.samplerate, info.frames) == (44100, 5 * 44100 // 2)
    done = run_here("realtime_demo", *arguments[:-1], "sample_rate=96000", "rate_method=inside")
    assert "note: a is for 48000 Hz: made to play at 96000 Hz" in done.out
    done = run_here("realtime_demo", *arguments, "rate_method=inside")
    assert (done.code, done.out) == (2, "")
    assert "plays at whole multiples of its rate, not at 0.9187 times" in done.err


def test_the_demo_changes_its_rate_while_playing_and_writes_at_the_first(run_here, folder):
    done = run_here(
        "realtime_demo", "model=a.nam", "file=dry.wav", "block_size=256", "output=wet.wav",
        "rates=[48000,44100]", "change_rate_every=1.2", "seconds=2", "json=figures.json",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert json.loads((folder / "figures.json").read_text())["sample_rate"] == 44100
    info = soundfile.info(folder / "wet.wav")
    assert info.samplerate == RATE
    assert 2 * RATE <= info.frames < len(clip())
    done = run_here("realtime_demo", "model=a.nam", "file=dry.wav", "rates=[0]")
    assert (done.code, done.out) == (2, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["file=dry.wav"], "no model: give model=PATH or models=[PATH,PATH]"),
        (["model=none.nam", "file=dry.wav"], "none.nam: no such model"),
        (["model=a.nam", "file=none.wav"], "none.wav: no such file"),
        (["model=a.nam", "--file", "my take (1).wav"], "my take (1).wav: no such file"),
        (["model=a.nam", "file=dry.wav", "output=dry.wav"], "is the input itself"),
        (["model=a.nam", "file=dry.wav", "output=wet.txt"], ".txt is not a sound file's"),
        (["model=a.nam", "file=dry.wav", "channel=1"], "no channel 1"),
        (["model=a.nam", "file=dry.wav", "block_size=0"], "block_size=0 is not positive"),
        (["model=a.nam", "output=wet.wav"], "output= goes with file=PATH"),
        (["model=a.nam"], "sounddevice is not installed: run python -m voxnas setup live"),
        (["devices=true"], "sounddevice is not installed"),
    ],
)
def test_the_demo_refuses_in_one_line_and_writes_nothing(run_here, folder, monkeypatch, arguments, message):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    before = sorted(folder.glob("*.*"))
    done = run_here("realtime_demo", *arguments)
    assert done.code == 2
    assert message in done.err
    assert done.err.count("\n") == 1
    assert sorted(folder.glob("*.*")) == before


def test_ctrl_c_ends_the_demo_with_its_report(folder):
    arguments = ("model=a.nam", "file=dry.wav", "block_size=480", "output=wet.wav")
    process = start_script("realtime_demo", *arguments, log_dir=folder)
    first = process.stdout.readline()
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, first, err) == (0, "0.0 s: a\n", "")
    assert "deadline misses" in out
    assert 0 < len(read(folder / "wet.wav")) < len(clip())


def test_ctrl_c_during_a_rendering_leaves_nothing(folder):
    soundfile.write(folder / "long.wav", np.tile(clip(), 100), RATE, subtype="FLOAT")
    before = {path.name for path in folder.iterdir()}
    arguments = ("model=a.nam", "input=long.wav", "output=wet.wav", "engine=torch")
    process = start_script("render", *arguments, log_dir=folder)
    while process.poll() is None and not list(folder.glob(".tmp-*")):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == "interrupted: wet.wav was not written\n"
    assert {path.name for path in folder.iterdir()} - {"promoted"} == before
