"""What the user is told when something is wrong: one line, and an exit code."""

import os
from pathlib import Path

import pytest
from scripts import ROOT

from voxnas.records.claim import claimed
from voxnas.utils.app import root_cause
from voxnas.utils.errors import InputError

SWEEP = ["-m", "search=phase1", "space=smoke", "study=bad"]


def assert_one_line(result, code: int, *words: str) -> None:
    assert result.code == code, result
    assert all(word in result.err for word in words), result.err
    assert result.err.count("\n") == 1, result.err


def folders(log_dir: Path) -> list[Path]:
    return [path.parent for path in log_dir.rglob("record.json")]


@pytest.mark.parametrize("mode", [[], SWEEP], ids=["single", "sweep"])
def test_a_missing_argument_is_named(run_here, mode):
    done = run_here("train", *mode, "data=amp_pair")
    assert_one_line(done, 2, "error: data.input is missing: give data.input=VALUE")


@pytest.mark.parametrize("argument", ["model=nope", "nonsense=1", "trainer.max_epoch=3"])
def test_an_unknown_setting_fails_and_is_named(run_here, argument):
    done = run_here("train", argument)
    assert done.code != 0
    assert argument.split("=")[0].split(".")[-1] in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("argument", ["model=nope", "training/optimizer=nope", "candidate=nope"])
def test_an_option_that_a_group_has_not_is_one_line_with_those_it_has(run_here, argument):
    group = argument.split("=")[0]
    done = run_here("train", argument)
    if group == "candidate":  # of which there are none
        assert done.code != 0
        assert "Traceback" not in done.err
    else:
        options = sorted(path.stem for path in (ROOT / "configs" / group).glob("*.yaml"))
        assert_one_line(done, 2, f"error: {group}: not nope, but one of {', '.join(options)}")


@pytest.mark.parametrize("path", ["my take [1].wav", "a (b).wav", "amp's.wav", "take=1.wav"])
def test_a_path_that_needs_quotes_says_how_and_then_works(run_here, path):
    done = run_here("train", "data=amp_pair", f"data.input={path}", "data.target=x.wav")
    assert done.code == 2
    if "put the value in quotes inside quotes" in done.err:
        assert_one_line(done, 2, "data.input: put the value in quotes")
        advice = done.err.split(": ")[-1].strip().strip('"')
        again = run_here("train", "data=amp_pair", advice, "data.target=x.wav")
        assert_one_line(again, 2, f"{path}: no such file; check the path")
    else:
        assert_one_line(done, 2, f"{path}: no such file; check the path")


@pytest.mark.parametrize("mode", [[], SWEEP], ids=["single", "sweep"])
def test_unreadable_audio_stops_everything_before_any_training(run_here, log_dir, tmp_path, mode):
    (tmp_path / "dry.wav").write_text("hello")
    given = [f"data.input={tmp_path}/dry.wav", f"data.target={tmp_path}/dry.wav"]
    done = run_here("train", *mode, "data=amp_pair", *given)
    assert_one_line(done, 2, f"{tmp_path}/dry.wav: cannot be read as audio", "give a WAV")
    assert folders(log_dir) == []


@pytest.mark.parametrize("mode", [[], SWEEP], ids=["single", "sweep"])
def test_a_pair_that_cannot_be_trained_on_stops_a_sweep_at_its_first_candidate(
    run_here, log_dir, tiny_pair, mode
):
    dry = next(part for part in tiny_pair if part.startswith("data.input")).partition("=")[2]
    done = run_here("train", *mode, *tiny_pair, f"data.target={dry}")
    assert_one_line(done, 2, "error: ", dry)
    assert folders(log_dir) == []


def test_the_next_rung_without_a_promotion_says_what_to_run(run_here):
    done = run_here("train", "-m", "search=phase2", "study=none")
    assert_one_line(done, 2, "none/phase2: nothing was promoted", "run src/promote.py study=none first")


def test_a_broken_record_is_named(run_here, log_dir, tiny_pair):
    folder = log_dir / "nas/bad/phase1/wavenet-l2-c4-k3"
    folder.mkdir(parents=True)
    (folder / "record.json").write_text("{")
    done = run_here("train", *SWEEP, *tiny_pair, "name=${model.name}")
    assert_one_line(done, 2, f"{folder / 'record.json'}: not a run record", "delete it")


def test_a_candidate_that_another_process_trains_is_one_line(run_here, log_dir, tiny_pair):
    folder = log_dir / "busy"
    with claimed(folder):
        done = run_here("train", *tiny_pair, f"hydra.run.dir={folder}")
    assert_one_line(
        done, 1, f"{folder}: another process", f"(pid {os.getpid()} on", "is training this candidate"
    )


def test_debug_shows_the_traceback(run_here):
    done = run_here("train", "debug=default", "data=amp_pair")
    assert done.code == 1
    assert "MissingMandatoryValue" in done.err
    assert "Traceback" in done.err


def test_the_root_cause_is_the_innermost_message_on_one_line():
    outer, user = RuntimeError("outer"), InputError("a.wav: is empty")
    outer.__cause__ = ValueError("first\n  second")
    user.__cause__ = outer
    assert root_cause(outer) == "ValueError: first second"
    assert root_cause(user) == "a.wav: is empty"


def test_results_lie_where_the_environment_says(run_here, log_dir):
    run_here("train", "data=amp_pair")
    assert os.environ["VOXNAS_LOG_DIR"] == str(log_dir)
    assert (log_dir / "promoted").is_dir()
