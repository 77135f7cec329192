"""A problem of its own folder goes through all that a search does, with not a line of the house changed."""

import json
import signal
import time
from pathlib import Path

import pytest
from scripts import ROOT, Result, run_script, start_script

TOY = ROOT / "tests" / "toy"
IT = ["--config-dir", str(TOY / "configs"), "problem=curve", "logger=csv"]
LIMIT = 100  # lines, configs and all

pytestmark = pytest.mark.slow


def run(name: str, *arguments: str, log_dir: Path) -> Result:
    done = run_script(name, *arguments, log_dir=log_dir, environment={"PYTHONPATH": str(TOY)})
    assert done.code == 0, done.err
    return done


def records(folder: Path) -> dict[str, dict]:
    return {path.parent.name: json.loads(path.read_text()) for path in folder.glob("*/record.json")}


@pytest.fixture(scope="module")
def logs(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("toy")


def test_it_is_as_small_as_a_problem_can_be():
    files = [path for path in TOY.rglob("*") if path.suffix in (".py", ".yaml")]
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files) <= LIMIT


def test_two_phases_keep_those_with_the_largest_score(logs):
    run("train", "-m", *IT, "search=phase1", "space=curve", "study=p", "trainer.max_epochs=3", log_dir=logs)
    run("promote", *IT[:2], "study=p", log_dir=logs)
    run("train", "-m", *IT, "search=phase2", "study=p", "trainer.max_epochs=6", log_dir=logs)
    first, second = (records(logs / "nas/p" / rung) for rung in ("phase1", "phase2"))
    kept = sorted(first, key=lambda name: first[name]["score"])[-3:]
    assert set(second) == set(kept)
    for record in second.values():
        assert record["problem"] == "curve"
        assert record["score"] == max(epoch["score"] for epoch in record["history"])
        assert record["metrics"].keys() == {"test_r2"}


def test_the_report_is_in_its_own_words(logs):
    run("report", *IT[:2], "study=p", log_dir=logs)
    folder = logs / "nas/p/report"
    summary = (folder / "summary.md").read_text()
    run("report", *IT[:3], "study=p", log_dir=logs)  # the problem by its name
    assert (folder / "summary.md").read_text() == summary
    assert "validation R²" in summary
    assert not [word for word in ("ESR", "amp", "receptive", "Neural Amp") if word in summary]
    header, *rows = (folder / "pareto_frontier.csv").read_text().splitlines()
    assert "r2" in header.split(",")
    assert rows


def test_a_ladder_optuna_and_a_budget_search_it_and_then_rest(logs):
    searches = {
        "ladder": ["search.candidates=4", "search.rungs=[1,2]", "search.keep=2"],
        "optuna": ["search.n_trials=3", "trainer.max_epochs=2"],
        "budget": ["search.candidates=3", "search.rungs=[1,2]", "search.keep=2", "limits.max_work=15"],
    }
    for search, settings in searches.items():
        command = ["-m", *IT, f"search={search}", "space=curve", f"study={search}", *settings]
        run("train", *command, log_dir=logs)
        before = {p: p.read_bytes() for p in (logs / "nas" / search).rglob("record.json")}
        assert len(before) >= 3
        run("train", *command, log_dir=logs)
        assert {p: p.read_bytes() for p in (logs / "nas" / search).rglob("record.json")} == before
    answer = (logs / "nas/budget/answer.md").read_text()
    assert answer.startswith("Best within a budget of work of 15: mlp-")
    assert "validation R² " in answer


def test_a_run_that_is_cut_goes_on(logs):
    command = ["-m", *IT, "search=phase1", "study=cut", "model.width=4", "trainer.max_epochs=40"]
    process = start_script("train", *command, log_dir=logs, environment={"PYTHONPATH": str(TOY)})
    folder = logs / "nas/cut/phase1"
    deadline = time.monotonic() + 60
    while not any(len(record["history"]) > 1 for record in records(folder).values()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    ((name, cut),) = records(folder).items()
    assert cut["status"] == "running"
    assert "(resumed)" in run("train", *command, log_dir=logs).out
    done = records(folder)[name]
    assert done["status"] == "ok"
    assert done["history"][: len(cut["history"]) - 1] == cut["history"][:-1]


def test_an_experiment_leaves_the_data_of_another_problem_alone(logs):
    run("train", *IT, "experiment=smoke", log_dir=logs)
    assert len(list((logs / "train/runs").glob("*/record.json"))) == 1
