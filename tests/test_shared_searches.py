"""One search by several processes, and by processes that are killed."""

import json
import sqlite3
from pathlib import Path

import pytest
from processes import wait_for
from scripts import run_script, start_script

from voxnas.problems.amp.problem import AmpProblem
from voxnas.records.record import Record
from voxnas.search.selection.rank import ByRank
from voxnas.search.selection.rungs import make_rungs

pytestmark = pytest.mark.slow
SPACE = ["model.num_layers=2,3,4", "model.channels=2,3,4"]
QUICK = [
    "callbacks.benchmark.blocks=10",
    "callbacks.benchmark.block_sizes=[512]",
    "callbacks.preview=null",
    "logger=csv",
    "name=${model.name}",
]


def command(kind: str, pair: list[str], *overrides: str) -> list[str]:
    return ["-m", f"search={kind}", "study=tiny", *SPACE, *pair, *QUICK, *overrides]


def records(logs: Path) -> dict[str, dict]:
    found = (logs / "nas/tiny").rglob("record.json")
    return {"/".join(path.parts[-3:-1]): json.loads(path.read_text()) for path in found}


def query(logs: Path, words: str) -> list[tuple]:
    with sqlite3.connect(logs / "nas/tiny/optuna/optuna.db") as database:
        return database.execute(words).fetchall()


def trained_twice(outputs: list[str], names: list[str]) -> list[str]:
    """Candidates that more than one process says to have finished by itself."""
    lines = [line for out in outputs for line in out.splitlines() if "RTF" in line and "(done" not in line]
    return [name for name in names if sum(f"{name}  ESR" in line for line in lines) != 1]


def test_two_processes_share_optuna_s_trials(tmp_path, tiny_pair):
    given = command("optuna", tiny_pair, "search.n_trials=5", "trainer.max_epochs=2")
    both = [start_script("train", *given, log_dir=tmp_path) for _ in range(2)]
    ends = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], ends
    found = records(tmp_path)
    assert len(found) == 5
    assert {record["status"] for record in found.values()} == {"ok"}
    assert trained_twice([out for out, _ in ends], [name.split("/")[1] for name in found]) == []
    assert query(tmp_path, "select count(*) from trials where state = 'RUNNING'") == [(0,)]


def test_what_a_killed_process_has_left_is_finished_by_the_next(tmp_path, tiny_pair):
    given = command("optuna", tiny_pair, "search.n_trials=2", "trainer.max_epochs=40")
    process = start_script("train", *given, log_dir=tmp_path)
    wait_for(lambda: any(len(r["history"]) > 3 for r in records(tmp_path).values()), process)
    process.kill()
    process.communicate()
    assert query(tmp_path, "select count(*) from trials where state = 'RUNNING'") == [(1,)]
    done = run_script("train", *given, log_dir=tmp_path)
    assert done.code == 0, done.err
    assert "(resumed)" in done.out
    found = records(tmp_path)
    assert [(r["status"], len(r["history"])) for r in found.values()] == [("ok", 40)] * 2
    assert query(tmp_path, "select distinct state from trials where state != 'FAIL'") == [("COMPLETE",)]


def test_two_ladders_on_one_study_agree(tmp_path, tiny_pair):
    rungs = ["search.rungs=[1,2]", "search.keep=2", "search.candidates=4"]
    given = command("ladder", tiny_pair, *rungs)
    both = [start_script("train", *given, log_dir=tmp_path) for _ in range(2)]
    ends = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], ends
    found = records(tmp_path)
    assert sorted(name.split("/")[0] for name in found) == ["rung1"] * 4 + ["rung2"] * 2
    assert {record["status"] for record in found.values()} == {"ok"}
    assert len(list((tmp_path / "nas/tiny").glob("candidates-*.json"))) == 1
    assert not (tmp_path / "replaced").exists()


def test_two_early_ladders_end_as_promised_though_one_is_killed_and_resumed(tmp_path, tiny_pair):
    steps = ["search.rungs=[20,30,5]", "search.keep=[0.5,1]", "search.candidates=6", "search.promotion=async"]
    given = command("ladder", tiny_pair, *steps)
    killed, other = (start_script("train", *given, log_dir=tmp_path) for _ in range(2))
    wait_for(lambda: any(name.startswith("rung2/") for name in records(tmp_path)), other)
    killed.kill()
    killed.communicate()
    resumed = start_script("train", *given, log_dir=tmp_path)
    ends = [process.communicate(timeout=300) for process in (other, resumed)]
    assert [process.returncode for process in (other, resumed)] == [0, 0], ends
    found = records(tmp_path)
    assert {(r["status"], len(r["history"])) for n, r in found.items() if "rung1" in n} == {("ok", 20)}
    assert {record["status"] for record in found.values()} == {"ok"}
    assert not (tmp_path / "replaced").exists()
    names = expected = {name.split("/")[1] for name in found if name.startswith("rung1/")}
    assert len(names) == 6
    for number, rung in enumerate(make_rungs([20, 30, 5], [0.5, 1])[:-1], 1):
        runs = {name: Record.read(tmp_path / f"nas/tiny/rung{number}" / name) for name in expected}
        order = ByRank(["score", "cpu_rtf"], AmpProblem()).order(runs)
        expected = set(order[: rung.survivors(len(order))])
        above = {name.split("/")[1] for name in found if name.startswith(f"rung{number + 1}/")}
        through = sum(name.startswith(f"rung{number}/") for name in found)
        assert above >= expected, "all whom a synchronous ladder promotes"
        assert len(above) >= rung.survivors(through)
