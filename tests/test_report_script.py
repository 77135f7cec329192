"""`src/report.py` as a user runs it."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from material.synthetic import synthetic_study
from scripts import Result, run_script

from voxnas.export.nam import write_nam
from voxnas.export.record_json import write_record_json
from voxnas.models.wavenet import stack
from voxnas.records.record import Record


@pytest.fixture
def report(run_here: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs it in this process, from a folder that has its results."""

    def run(logs: Path, *arguments: str) -> Result:
        monkeypatch.setenv("VOXNAS_LOG_DIR", str(logs))
        monkeypatch.setenv("COLUMNS", "120")
        monkeypatch.chdir(logs)
        return run_here("report", *arguments)

    return run


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("logs")
    synthetic_study(folder / "nas" / "mine", 6, epochs=(3, 5), failures=False)
    return folder


def test_a_study_gets_its_report_and_the_terminal_its_frontier(report, logs):
    broken = logs / "nas" / "mine" / "phase1" / "broken" / "record.json"
    broken.parent.mkdir()
    broken.write_text("{")
    done = run_script("report", "study=mine", log_dir=logs, environment={"COLUMNS": "120"})
    assert done.code == 0, done.err
    out = logs / "nas" / "mine" / "report"
    best = pd.read_csv(out / "pareto_frontier.csv")["candidate"].iloc[0]
    assert best in done.out
    assert f"{out / 'summary.md'} and 17 files beside it" in done.out
    assert done.err.count("\n") == 1
    assert str(broken) in done.err
    broken.unlink()

    again = report(
        logs, f"results={out / 'all_results.csv'}", "output_dir=again", "objectives=[test_esr,-channels]"
    )
    assert again.code == 0, again.err
    assert "test ESR" in again.out
    pd.testing.assert_frame_equal(
        pd.read_csv(logs / "again" / "all_results.csv").drop(columns="folder"),
        pd.read_csv(out / "all_results.csv").drop(columns="folder"),
    )
    assert list((logs / "again").glob("*.png"))
    assert not (logs / "outputs").exists()


def test_models_that_are_there_are_timed_side_by_side_unless_told_not_to(report, tmp_path):
    study = tmp_path / "nas" / "mine"
    synthetic_study(study, 4, epochs=(3, 5), failures=False)
    gone = report(tmp_path, "study=mine")
    frontier = pd.read_csv(study / "report" / "pareto_frontier.csv")
    assert f"not timed again: {len(frontier)} of {len(frontier)} without a model.json" in gone.out
    assert not (study / "report" / "frontier_cpu.csv").exists()
    records = {path: path.read_bytes() for path in study.rglob("record.json")}
    for folder in frontier["folder"]:
        write_record_json(stack(3, 4), (study / "report" / folder).resolve() / "model.json", 48000)

    done = report(tmp_path, "study=mine")
    assert (done.code, done.err) == (0, "")
    assert "not timed again" not in done.out
    timings = pd.read_csv(study / "report" / "frontier_cpu.csv")
    assert set(timings["candidate"]) == set(frontier["candidate"])
    assert set(timings["block_size"]) == {512, 64}
    assert (timings["rtf"] > 0).all()
    assert set(timings["recorded_engine"]) == {"invented"}
    assert "CPU side by side" in (study / "report" / "summary.md").read_text()
    assert {path: path.read_bytes() for path in study.rglob("record.json")} == records

    without = report(tmp_path, "study=mine", "rebenchmark=false")
    assert "not timed again" not in without.out
    assert not (study / "report" / "frontier_cpu.csv").exists()


def test_exported_models_that_are_there_go_into_one_file(report, tmp_path):
    study = tmp_path / "nas" / "mine"
    synthetic_study(study, 12, epochs=(3, 5), failures=False)
    none = report(tmp_path, "study=mine", "rebenchmark=false")
    assert "no frontier.nam: 0 of 12 candidates have a file of format nam, and two are needed" in none.out
    for path in study.rglob("record.json"):
        record = Record.read(path)
        network = stack(record.shape["num_layers"], record.shape["channels"] // 4, name=record.candidate)
        record.architecture = network.architecture()
        record.write(path.parent)
        write_nam(network, path.parent / record.exports["nam"], 48000, {"name": record.candidate})
    done = report(tmp_path, "study=mine", "rebenchmark=false")
    assert (done.code, done.err) == (0, "")
    assert "frontier.nam" not in done.out
    assert "and 18 files beside it" in done.out
    content = json.loads((study / "report" / "frontier.nam").read_text())
    names = [entry["model"]["metadata"]["name"] for entry in content["config"]["submodels"]]
    scores = pd.read_csv(study / "report" / "all_results.csv").groupby("candidate")["best_val_loss"].last()
    assert len(names) > 1
    assert list(scores[names]) == sorted(scores[names], reverse=True)
    assert content["metadata"]["name"] == "mine"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["study=nope"], "nope: no such study; there are empty, mine"),
        (["study=empty"], "empty: no run records in it"),
        (["results=nowhere.csv", "output_dir=x"], "nowhere.csv: no such file or folder"),
        (["results=nas/mine"], "results=PATH needs output_dir=PATH"),
        ([], "give either study=NAME or results=PATH"),
        (["study=mine", "objectives=[speed]"], "no numeric column `speed`"),
        (["study=mine", "objectives=[]"], "objectives: name at least one"),
        (["study=mine", "max_quality_esr=good"], "max_quality_esr"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(report, logs, arguments, words):
    (logs / "nas" / "empty").mkdir(exist_ok=True)
    done = report(logs, *arguments)
    assert done.code == 2
    assert words in done.err
    assert done.err.count("\n") == 1
    assert not (logs / "x").exists()


OTHER = """
from voxnas.problems.base import Problem, Score


class Other(Problem):
    name = "other"
    score = Score("accuracy", "accuracy", "accuracy", maximise=True)

    def module(self, network, data, recipe): ...

    def shape(self, network, data): ...
"""


def test_a_problem_of_ones_own_is_found_through_config_dir(report, tmp_path, monkeypatch):
    for name, score in (("good", 0.9), ("bad", 0.1)):
        record = Record(name, "own", "phase1", "ok", "1", problem="other", maximise=True, score=score)
        record.write(tmp_path / "nas" / "own" / "phase1" / name)
    unknown = report(tmp_path, "study=own")
    assert (unknown.code, unknown.err.count("\n")) == (2, 1)
    assert "problem=other: no such config problem/other.yaml" in unknown.err
    (tmp_path / "more" / "problem").mkdir(parents=True)
    (tmp_path / "more" / "problem" / "other.yaml").write_text("_target_: other_problem.Other\n")
    (tmp_path / "other_problem.py").write_text(OTHER)

    monkeypatch.syspath_prepend(tmp_path)
    done = report(tmp_path, "study=own", "--config-dir=more")
    assert (done.code, done.err) == (0, "")
    assert "best quality: good, highest accuracy, 0.9" in done.out
    frontier = pd.read_csv(tmp_path / "nas" / "own" / "report" / "pareto_frontier.csv")
    assert frontier["candidate"].tolist() == ["good"]

    synthetic_study(tmp_path / "nas" / "own" / "amps", 2, epochs=(3, 5), failures=False)
    mixed = report(tmp_path, "study=own", "--config-dir=more")
    assert (mixed.code, mixed.err.count("\n")) == (2, 1)
    assert "the records are of several problems, amp, other: choose one, problem=NAME" in mixed.err
    chosen = report(tmp_path, "study=own", "problem=amp", "output_dir=amps")
    assert chosen.code == 0, chosen.err
    assert set(pd.read_csv(tmp_path / "amps" / "all_results.csv")["study"]) == {"amps"}


def test_a_table_of_before_records_had_a_problem_is_reported_as_it_was(report, tmp_path):
    (tmp_path / "mine.csv").write_text("candidate,best_val_loss,latency_ms\nx,0.1,2\ny,0.01,3\n")
    done = report(tmp_path, "results=mine.csv", "output_dir=out", "objectives=[best_val_loss,latency_ms]")
    assert done.code == 0, done.err
    assert "best quality: y, lowest validation ESR, 0.01" in done.out
    table = pd.read_csv(tmp_path / "out" / "pareto_frontier.csv")
    assert table["best_val_loss"].tolist() == [0.01, 0.1]
