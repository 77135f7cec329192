"""`python -m voxnas`: what it lists, what it runs, what it refuses in one line."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time

import pytest
from scripts import ROOT

from voxnas.commands.front import main
from voxnas.commands.known import commands, named
from voxnas.commands.run import run
from voxnas.commands.steps import Call

SEARCHES = sorted(name for name, command in commands().items() if command.study is not None)
HEAVY = ("torch", "hydra", "omegaconf", "numpy", "lightning")


@pytest.fixture
def dry_run(capsys, monkeypatch):
    """The scripts with their arguments that a command would run."""
    monkeypatch.chdir(ROOT)

    def composed(*arguments: str) -> list[list[str]]:
        assert main([*arguments, "--dry-run"]) == 0
        return [shlex.split(line)[1:] for line in capsys.readouterr().out.splitlines()]

    return composed


def test_the_list_has_every_script_and_every_search(capsys):
    assert main(["--help"]) == 0
    listed = {line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("  ")}
    assert listed == {*commands()}
    assert {
        "train",
        "poc",
        "budget",
        "ladder",
        "optuna",
        "knobs",
        "darts",
        "smoke",
        "report",
        "inspect",
    } <= listed
    assert {"render", "export", "benchmark", "demo", "serve", "space", "setup", "eval", "play"} <= listed
    run_by_some = {step.script for command in commands().values() for step in command.steps}
    assert {f"src/{path.name}" for path in (ROOT / "src").glob("*.py")} <= run_by_some
    assert all((ROOT / script).is_file() for script in run_by_some)


def test_the_front_imports_nothing_that_takes_time():
    code = (
        "import sys; from voxnas.commands.front import main; main(['poc', '--dry-run']); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not [name for name in HEAVY if name in done.stdout.split()]


def test_a_command_is_found_by_its_script_s_name_too():
    known = commands()
    for name, script in (
        ("inspect", "inspect_pair"),
        ("demo", "make_demo"),
        ("next-setting", "next_setting"),
    ):
        assert known[name] == named(script, known) == named(script.replace("_", "-"), known)


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_s_page_has_its_options(name, capsys):
    assert main([name, "--help"]) == 0
    page = capsys.readouterr().out
    assert commands()[name].help in page
    assert all(f"--{option}" in page for option in ("study", "jobs", *commands()[name].options))


@pytest.mark.parametrize("name", SEARCHES)
def test_every_step_of_a_search_composes(dry_run, composed, name):
    from voxnas.utils.check_settings import check_settings

    steps = dry_run(name, "--jobs", "1")
    assert [step[0] for step in steps][-1] == "src/report.py"
    for script, *arguments in steps:
        if script == "src/train.py" and "search=phase2" not in arguments:  # over what was promoted
            check_settings(composed("train", *(a for a in arguments if a != "-m")))


def test_two_phases_are_four_steps_of_one_study(dry_run):
    steps = dry_run("poc", "--study", "mine", "--jobs=2", "seed=3")
    assert [step[0] for step in steps] == [
        f"src/{name}.py" for name in ("train", "promote", "train", "report")
    ]
    assert all("study=mine" in step for step in steps)
    for rung, step in (("phase1", steps[0]), ("phase2", steps[2])):
        assert {"-m", f"search={rung}", "seed=3", "experiment=quick", "hydra.launcher.n_jobs=2"} <= {*step}
    assert "space=poc" in steps[0]
    assert not any(a.startswith("space=") for a in steps[2])


def test_own_recordings_name_the_study_and_are_trained_as_long_as_it_takes(dry_run):
    search, report = dry_run(
        "ladder", "--input", "a b.wav", "--target", "in/Max'd.v2.wav", "--space=families"
    )
    assert {"data=amp_pair", "data.input=a b.wav", "data.target=in/Max'd.v2.wav"} <= {*search}
    assert [a for a in search if a.startswith(("study=", "space=", "experiment="))] == [
        "study=Max_d.v2-ladder",
        "space=families",
    ]
    assert report == ["src/report.py", "study=Max_d.v2-ladder"]


def test_a_budget_is_said_by_options(dry_run):
    assert {"search.like=nano", "search.engine=own"} <= {
        *dry_run("budget", "--preset=nano", "--engine=own")[0]
    }
    assert "max_cpu_rtf=0.02" in dry_run("budget-smoke")[0]
    within = dry_run("budget-smoke", "--max-us", "40")[0]
    assert "max_us_per_block=40" in within
    assert "max_cpu_rtf=0.02" not in within


def test_another_launcher_comes_in_the_place_of_ours(dry_run):
    search = dry_run("optuna", "--jobs=3", "hydra/launcher=ray")[0]
    assert [a for a in search if "launcher" in a] == ["hydra/launcher=ray"]


def test_a_script_takes_options_and_settings_alike_and_hydra_its_own(dry_run):
    given = ["model=amp.nam", "input=a.wav", "output=b.wav"]
    for typed in (given, ["--model", "amp.nam", "--input=a.wav", "output=b.wav"]):
        ((script, *arguments),) = dry_run("render", *typed)
        assert (script, sorted(arguments)) == ("src/render.py", sorted(given))
    assert dry_run("train", "-m", "model=nano", "--cfg", "job", "--config-dir=mine") == [
        ["src/train.py", "-m", "model=nano", "--cfg", "job", "--config-dir=mine"]
    ]
    assert dry_run("setup", "notebook", "live") == [["install.py", "notebook", "live"]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "no command nope; python -m voxnas --help lists those there are"),
        (["poc", "--space", "plugin"], "poc: no option --space; there are --input, --target"),
        (["poc", "dry.wav"], "poc: dry.wav is neither an option"),
        (["poc", "--input", "dry.wav"], "--input goes with --target: give --target FILE"),
        (["knobs", "--input", "dry.wav"], "--input goes with --settings"),
        (["poc", "--study"], "--study needs a value: --study VALUE"),
        (["train", "--config-dir"], "--config-dir needs a value"),
        (["ladder", "--jobs", "many"], "--jobs many: give a whole number from 1, or -1 for all cores"),
        (["ladder", "--jobs=0"], "--jobs 0: give a whole number"),
    ],
)
def test_bad_input_is_one_line(arguments, said, capsys):
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"error: {said}")
    assert err.count("\n") == 1


SLOW = """
import sys, time
open(sys.argv[1], "w").close()
try:
    time.sleep(60)
except KeyboardInterrupt:
    sys.exit(130)
"""


def process(code: int, note: str = "", may_fail: bool = False) -> Call:
    return Call([sys.executable, "-c", f"{note or None}; raise SystemExit({code})"], may_fail)


def test_a_search_goes_on_where_candidates_failed_and_ends_with_1(tmp_path):
    done = tmp_path / "done"
    note = f"open({str(done)!r}, 'a').write('x')"
    assert run([process(1, note, may_fail=True), process(0, note)]) == 1
    assert done.read_text() == "xx"


@pytest.mark.parametrize("code", [2, 130])
def test_anything_else_stops_it_at_once(tmp_path, code):
    done = tmp_path / "done"
    note = f"open({str(done)!r}, 'a').write('x')"
    assert run([process(code, note, may_fail=True), process(0, note)]) == code
    assert done.read_text() == "x"
    assert run([process(1), process(0, note)]) == 1
    assert done.read_text() == "x"


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_is_answered_by_what_runs_and_ends_the_search(tmp_path, number, code):
    started = tmp_path / "started"
    running = f"""
import sys
from voxnas.commands.run import run
from voxnas.commands.steps import Call
slow = [sys.executable, "-c", {SLOW!r}, {str(started)!r}]
after = [sys.executable, "-c", "print('next')"]
sys.exit(run([Call(slow, True), Call(after, False)]))
"""
    front = subprocess.Popen(
        [sys.executable, "-c", running], stdout=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    while not started.exists():
        assert front.poll() is None
        time.sleep(0.02)
    time.sleep(0.1)
    if number == signal.SIGINT:
        os.killpg(front.pid, number)  # as a terminal does
    else:
        front.terminate()
    out, _ = front.communicate(timeout=20)
    assert (front.returncode, out) == (code, "")


@pytest.mark.slow
def test_the_smallest_search_runs_to_its_report_and_finds_itself_finished(tmp_path):
    def smoke() -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"VOXNAS_LOG_DIR": str(tmp_path), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "voxnas", "smoke", "--jobs=1"]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)

    done = smoke()
    assert done.returncode == 0, done.stderr
    records = {path: path.read_bytes() for path in (tmp_path / "nas/demo-smoke").glob("phase*/*/record.json")}
    assert sorted(path.parents[1].name for path in records) == ["phase1", "phase1", "phase2"]
    assert all(json.loads(record)["status"] == "ok" for record in records.values())
    assert (tmp_path / "nas/demo-smoke/report/report.html").is_file()
    assert smoke().returncode == 0
    assert {path: path.read_bytes() for path in records} == records
