"""The scripts on a model with knobs, as a user runs them: `controls.NAME=VALUE` on the command line."""

import json
import runpy
import sys

import numpy as np
import pytest
import soundfile
import torch
from scripts import ROOT

from voxnas.export.load import load_model
from voxnas.export.record_json import write_record_json
from voxnas.models.controls import Control
from voxnas.models.wavenet import stack

RATE = 48000


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs src/<name>.py in this process; returns its exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = stack(4, 3, head_scale=0.5)
        network.follow([Control("drive", 0, 10), Control("mode", options=("clean", "5150"))])
        torch.nn.init.normal_(network.control_mix.weight)
    write_record_json(network, tmp_path / "amp.json", RATE)
    noise = 0.2 * np.random.default_rng(0).standard_normal(3 * RATE)
    soundfile.write(tmp_path / "dry.wav", noise, RATE, subtype="FLOAT")

    def script(name: str, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", [f"src/{name}.py", *arguments])
        try:
            runpy.run_path(str(ROOT / "src" / f"{name}.py"), run_name="__main__")
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        return code, *capsys.readouterr()

    return script


SETTING = ["controls.drive=3.7", "controls.mode=5150"]


def test_a_folded_model_renders_as_the_one_with_knobs(run):
    assert run("export", "model=amp.json", *SETTING, "output=fixed.nam")[0] == 0
    assert run("render", "model=amp.json", *SETTING, "input=dry.wav", "output=a.wav")[0] == 0
    assert run("render", "model=fixed.nam", "input=dry.wav", "output=b.wav")[0] == 0
    assert run("render", "model=amp.json", "input=dry.wav", "output=rest.wav")[0] == 0
    knob, folded, rest = (soundfile.read(f"{name}.wav")[0] for name in ("a", "b", "rest"))
    assert np.abs(knob - folded).max() < 2e-6
    assert np.abs(knob - rest).max() > 1e-3


def test_a_setting_is_judged_where_it_stands(run):
    assert run("render", "model=amp.json", *SETTING, "input=dry.wav", "output=wet.wav")[0] == 0
    given = ["input=dry.wav", "target=wet.wav", "delay=0", "json=out.json"]
    assert run("eval", "model=amp.json", *SETTING, *given)[0] == 0
    with open("out.json") as file:
        assert json.load(file)["esr"] < 1e-9


def test_a_sweep_is_written_and_live_playing_takes_a_setting(run):
    swept = ["format=nam_container", "controls.drive=sweep:3", "controls.mode=clean", "output=all.nam"]
    code, said, _ = run("export", "model=amp.json", *swept)
    assert code == 0
    assert "slim 0.333 to 0.667: drive=5" in said
    assert load_model("all.nam").models == 3
    live = ["file=dry.wav", "pace=false", "output=live.wav"]
    assert run("realtime_demo", "model=amp.json", *SETTING, *live)[0] == 0
    assert run("render", "model=amp.json", *SETTING, "input=dry.wav", "output=a.wav")[0] == 0
    played, rendered = (soundfile.read(f"{name}.wav")[0] for name in ("live", "a"))
    np.testing.assert_allclose(played, rendered, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("script", "arguments", "message"),
    [
        ("export", ["output=a.nam"], "no knobs (drive, mode): give them values, such as controls.drive=5"),
        ("export", ["output=a.nam", "controls.gain=1"], "controls.gain: the model has no such control"),
        ("render", ["input=dry.wav", "output=a.wav", "controls.drive=11"], "goes from 0 to 10"),
        ("realtime_demo", ["file=dry.wav", "controls.gain=1"], "it has drive, mode"),
    ],
)
def test_what_is_not_on_the_panel_is_one_line(run, script, arguments, message):
    code, _, error = run(script, "model=amp.json", *arguments)
    assert code == 2
    assert error.startswith("error: ")
    assert message in error
    assert error.count("\n") == 1
