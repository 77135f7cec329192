"""Names and paths are taken as they were typed, whatever they look like."""

from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import QuotedString

from voxnas.utils.arguments import as_typed
from voxnas.utils.names import RUN_BYTES

ODD_NAMES = ["5150", "1_1_1", "1e3", "null", "true", "007", "0x10", "1.0", "nan", "[a]", "JCM 800", "a=b"]
ODD_PATHS = [
    *("Plexi, bright.wav", "Max'd out.wav", 'the "big" one.wav', "take [1].wav", "{a}.wav", "gain=5.wav"),
    *("(clean).wav", "50%: loud.wav", "1.5", "null", "a\\b.wav", "tab\there.wav", "naïve – ü.wav", "# 1.wav"),
]


def value(argument: str) -> object:
    """What Hydra makes of an argument."""
    found = OverridesParser.create().parse_override(argument).value()
    return found.text if isinstance(found, QuotedString) else found


def typed(argument: str, *others: str) -> str:
    return as_typed([argument, *others], lambda key: False)[0]


@pytest.mark.parametrize("name", ODD_NAMES)
@pytest.mark.parametrize("key", ["study", "name", "+export.metadata.gear_model"])
def test_a_name_is_text_whatever_it_looks_like(key, name):
    if key.startswith("+") and name == "null":
        return  # which stands for none there
    assert value(typed(f"{key}={name}")) == name


@pytest.mark.parametrize("path", ODD_PATHS)
@pytest.mark.parametrize("key", ["data.input", "data.target", "model", "input", "output", "file", "json"])
def test_a_path_is_taken_as_typed(key, path):
    if path == "null" and key in ("model", "output", "file", "json"):
        return  # which stands for none there
    assert value(typed(f"{key}={path}")) == path


@pytest.mark.parametrize(
    "argument",
    [
        *("study=mine", "data.input=a/b.wav", "init_from=null", "name=${model.name}", "seed=5150"),
        *("input='\"a b.wav\"'", "data.input='a, b.wav'", "data.input=a\\,b.wav", "~data.input", "-m"),
    ],
)
def test_what_hydra_reads_rightly_stays_as_it_is(argument):
    assert typed(argument) == argument


def test_the_config_of_a_group_is_chosen_as_ever():
    assert as_typed(["model=1,2"], lambda key: key == "model") == ["model=1,2"]


def test_the_home_folder_is_found(monkeypatch):
    monkeypatch.setenv("HOME", "/home/of, mine")
    for argument in ("input=~/dry.wav", "input='~/dry.wav'", "data.target=~/dry.wav"):
        assert value(typed(argument)) == "/home/of, mine/dry.wav"
    assert value(typed("study=~mine")) == "~mine"


def test_a_sweep_goes_over_several_names_and_paths_but_not_over_a_file_with_a_comma(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert typed("data.target=a.wav,b.wav", "-m") == "data.target=a.wav,b.wav"
    assert typed("init_from=a.ckpt,b.ckpt", "search=phase1") == "init_from=a.ckpt,b.ckpt"
    assert value(typed("export.metadata.name=Plexi, bright", "-m")) == "Plexi, bright"
    Path("a.wav,b.wav").touch()
    assert value(typed("data.target=a.wav,b.wav", "-m")) == "a.wav,b.wav"


@pytest.mark.parametrize("key", ["study", "rung", "name", "model.name"])
@pytest.mark.parametrize("name", ["../x", "a/b", "..", ".", "a\\b", "", "x" * 256])
def test_what_is_no_folder_s_name_is_refused_before_anything_is_written(run_here, log_dir, key, name):
    done = run_here("train", "-m", "search=phase1", "space=smoke", f"{key}={name}")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert done.err.startswith(f"error: {key}=")
    assert "a name for a folder" in done.err
    assert [path.name for path in log_dir.rglob("*")] == ["promoted"]
    assert not (log_dir / "../x").exists()


@pytest.mark.parametrize("script", ["promote", "report", "dashboard"])
def test_every_script_takes_a_study_s_name_as_text(run_here, log_dir, script):
    done = run_here(script, "study=1_1_1")
    assert done.code == 2
    assert f"{log_dir}/nas/1_1_1" in done.err
    assert run_here(script, "study=../x").err.startswith("error: study=../x: give a name for a folder")


def test_a_name_too_long_for_a_folder_is_refused_before_the_first_run(run_here, log_dir):
    done = run_here("train", "-m", "search=phase1", "space=smoke", f"+model.setting={'x' * RUN_BYTES},y")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert f"{RUN_BYTES} at most" in done.err
    assert not list(log_dir.rglob("record.json"))
