"""What make hands to the scripts: recordings, names and paths as they were typed."""

import shlex
import shutil
import subprocess
import sys

import pytest
from scripts import ROOT

from voxnas.commands.known import SWEEP
from voxnas.commands.known import commands as known
from voxnas.commands.line import Line
from voxnas.commands.steps import calls

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")

ODD = ["Max'd out.wav", "Plexi, bright.wav", "take [1] (2).wav", "gain=5.wav", 'the "big" one.wav', "a$b.wav"]
LISTED = [name for name, command in known().items() if command.study is not None and command is not SWEEP]
SMOKES = ["nas-smoke", "nas-optuna-smoke", "nas-ladder-smoke", "nas-budget-smoke"]


def commands(*arguments: str) -> list[list[str]]:
    """The scripts with their arguments that make would run."""
    python = [f"PY={sys.executable}", "JOBS=1", "ARGS=--dry-run"]
    make = ["make", "--silent", "--old-file=setup", *python, *arguments]
    done = subprocess.run(make, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [shlex.split(line)[1:] for line in done.stdout.splitlines()]


@pytest.mark.parametrize("name", LISTED)
def test_every_search_has_a_target_and_it_runs_the_same(name):
    target = name if name.startswith("string") else f"nas-{name}"
    assert commands(target) == [call.shown[1:] for call in calls(known()[name], Line({"jobs": "1"}))]


def test_a_report_is_written_again_of_the_study_that_the_search_named():
    own = ["INPUT=d.wav", "TARGET=in/Max'd out, 2.wav"]
    search, *_ = commands("nas-ladder", *own)
    assert commands("report", "SPACE=ladder", *own) == [["src/report.py", search[3]]]
    assert search[3].startswith("study=")


@pytest.mark.parametrize("target", [*SMOKES, "nas-poc", "nas-ladder", "nas-darts", "train", "space"])
def test_own_recordings_are_those_that_are_trained_on(target):
    found = commands(target, "INPUT=dry.wav", "TARGET=amp.wav")
    trained = [call for call in found if call[0] in ("src/train.py", "src/space.py")]
    for call in trained:
        assert {"data=amp_pair", "data.input=dry.wav", "data.target=amp.wav"} <= set(call)
        assert ("experiment=smoke" in call) == (target in SMOKES)
        assert "experiment=quick" not in call
    assert trained


@pytest.mark.parametrize(("target", "experiment"), [*((t, "smoke") for t in SMOKES), ("nas-poc", "quick")])
def test_without_recordings_it_is_the_demo_pair(target, experiment):
    call = commands(target)[0]
    assert f"experiment={experiment}" in call
    assert not any(argument.startswith("data") for argument in call)


@pytest.mark.parametrize("target", ["nas-knobs", "nas-knobs-smoke"])
def test_knobs_are_the_demo_rig_s_or_those_of_a_table(target):
    smoke = target.endswith("smoke")
    search, report = commands(target)
    assert {"data=demo_knobs", "search=ladder", "study=knobs-ladder"} <= set(search)
    assert ("experiment=smoke" in search) == smoke
    assert "study=knobs-ladder" in report
    own = commands(target, "SETTINGS=my $table, 2.csv", "INPUT=dry.wav")[0]
    assert {"data=amp_knobs", "data.settings=my $table, 2.csv", "data.input=dry.wav"} <= set(own)
    assert not any(argument.startswith("data.target") for argument in own)


@pytest.mark.parametrize("target", ["string-poc", "string-smoke"])
def test_a_string_is_the_project_s_own_or_a_recorded_note(target):
    search, report = commands(target)
    assert "problem=string" in search
    assert ("experiment=smoke" in search) == target.endswith("smoke")
    assert "experiment=quick" not in search
    (study,) = (argument for argument in search if argument.startswith("study="))
    assert study in report
    assert "data.recordings=a, b.wav" in commands(target, "NOTE=a, b.wav")[0]


def test_a_search_of_images_makes_them_first():
    made, search, report = commands("nas-spectral-smoke")
    assert made[0] == "src/generate_vimh.py"
    assert {"search=ladder", "space=images_smoke", "problem=spectral", "study=images-ladder"} <= set(search)
    assert report == ["src/report.py", "study=images-ladder"]


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("target", ["nas-smoke", "inspect", "train"])
def test_paths_come_as_they_were_typed(target, name):
    for call in commands(target, f"INPUT=~/{name}", f"TARGET={name}"):
        given = {a.partition("=")[0].removeprefix("data."): a.partition("=")[2] for a in call}
        if call[0] in ("src/train.py", "src/inspect_pair.py"):
            assert (given["input"], given["target"]) == (f"~/{name}", name)
        if "study" in given:
            assert set(given["study"]) <= set("abcdefghijklmnopqrstuvwxyzMPT_-.0123456789")


def test_a_study_s_name_comes_as_it_was_typed():
    calls = commands("nas-poc", "STUDY=Max'd 5150")
    assert len(calls) == 4
    assert all("study=Max'd 5150" in call for call in calls)


def test_a_study_is_called_after_the_recording():
    assert "study=my_amp_2-poc" in commands("nas-poc", "INPUT=d.wav", "TARGET=in/my amp_2.wav")[0]
