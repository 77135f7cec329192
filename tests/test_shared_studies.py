"""Several processes on one study at the same time, and what happens when some of them die."""

import json
import os
import signal
from collections import Counter
from pathlib import Path

import pytest
from processes import wait_for
from scripts import run_script, start_script

pytestmark = pytest.mark.slow
QUICK = [
    "callbacks.benchmark.blocks=10",
    "callbacks.benchmark.block_sizes=[512]",
    "callbacks.preview=null",
    "logger=csv",
    "name=${model.name}_${seed}",
]
GRID = ["-m", "search=phase1", "study=tiny", "model.num_layers=2", "model.channels=3"]


def records(logs: Path, rung: str = "phase1") -> dict[str, dict]:
    found = sorted((logs / f"nas/tiny/{rung}").glob("*/record.json"))
    return {path.parent.name: json.loads(path.read_text()) for path in found}


def trained(outputs: list[str]) -> Counter[str]:
    """How often each candidate came to its end in training, over all processes."""
    lines = [line for out in outputs for line in out.splitlines() if "ESR" in line and "RTF" in line]
    return Counter(line.split()[1] for line in lines if "(done before)" not in line)


def training(logs: Path, name: str, epochs: int):
    return lambda: len(records(logs).get(name, {"history": []})["history"]) >= epochs


def test_two_processes_share_a_study_and_end_alike(tmp_path, tiny_pair):
    given = [*tiny_pair, *QUICK, "trainer.max_epochs=20", "study=tiny"]
    outputs = []
    for step in (
        ["train", *GRID, "seed=0,1,2,3", *given],
        ["promote", "study=tiny"],
        ["train", "-m", "search=phase2", *given],
        ["report", "study=tiny"],
    ):
        both = [start_script(*step, log_dir=tmp_path) for _ in range(2)]
        ended = [process.communicate(timeout=200) for process in both]
        assert [process.returncode for process in both] == [0, 0], ended
        assert all("Traceback" not in err for _, err in ended)
        outputs.append([out for out, _ in ended])
    assert trained(outputs[0]) == dict.fromkeys(records(tmp_path), 1)
    assert len(records(tmp_path)) == 4
    assert outputs[1][0] == outputs[1][1]  # the same survivors
    assert trained(outputs[2]) == dict.fromkeys(records(tmp_path, "phase2"), 1)
    assert len(records(tmp_path, "phase2")) == 2
    assert all(len(r["history"]) == 20 for r in records(tmp_path).values())
    assert [p for p in tmp_path.rglob("*") if p.name.startswith((".claim", ".tmp-"))] == []
    assert (tmp_path / "nas/tiny/report/summary.md").read_text().count("wavenet-l2-c3-k3") >= 2


def test_a_dead_process_s_candidate_is_finished_by_the_one_that_waits_for_it(tmp_path, tiny_pair):
    command = [*GRID, "seed=0", *tiny_pair, *QUICK, "trainer.max_epochs=100"]
    first = start_script("train", *command, log_dir=tmp_path)
    name = "wavenet-l2-c3-k3_0"
    wait_for(training(tmp_path, name, 3), first)
    first.send_signal(signal.SIGSTOP)  # alive, but not done before the other has come to it
    second = start_script("train", *command, log_dir=tmp_path)
    said = "waiting for candidates that other processes train: 1 of 1\n"
    assert said in iter(second.stderr.readline, "")
    reached = len(records(tmp_path)[name]["history"])
    first.kill()
    first.communicate()
    out, err = second.communicate(timeout=120)
    assert second.returncode == 0, err
    assert "(resumed)" in out
    record = records(tmp_path)[name]
    assert (record["status"], len(record["history"])) == ("ok", 100)
    assert record["epochs_at_start"] == reached


def test_a_failure_is_not_tried_again_by_every_process(tmp_path, tiny_pair):
    command = [*GRID, "seed=0,1", "training.optimizer.lr=1e30", *tiny_pair, *QUICK, "trainer.max_epochs=3"]
    both = [start_script("train", *command, log_dir=tmp_path) for _ in range(2)]
    ended = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [1, 1], ended
    assert {record["status"] for record in records(tmp_path).values()} == {"failed"}
    lines = [line for out, _ in ended for line in out.splitlines() if "failed: " in line]
    assert len(lines) == 4
    tried = Counter(line.split()[1] for line in lines if "(tried before in this sweep)" not in line)
    assert all(1 <= count <= 2 for count in tried.values())
    replaced = list((tmp_path / "replaced").rglob("record.json")) if (tmp_path / "replaced").exists() else []
    assert len(replaced) == sum(tried.values()) - 2
    again = run_script("train", *command, log_dir=tmp_path)  # a sweep of its own tries once more
    assert "tried before" not in again.out


def test_whoever_slept_while_another_took_over_leaves_its_files_alone(tmp_path, tiny_pair):
    command = [*GRID, "seed=0", *tiny_pair, *QUICK, "trainer.max_epochs=150", "stale_after_s=2"]
    sleeper = start_script("train", *command, log_dir=tmp_path)
    name = "wavenet-l2-c3-k3_0"
    wait_for(training(tmp_path, name, 3), sleeper)
    sleeper.send_signal(signal.SIGSTOP)
    other = start_script("train", *command, log_dir=tmp_path)
    claim = tmp_path / "nas/tiny/phase1" / name / ".claim"
    wait_for(lambda: claim.exists() and f'"pid": {other.pid},' in claim.read_text(), other)
    sleeper.send_signal(signal.SIGCONT)
    ended = [process.communicate(timeout=120) for process in (other, sleeper)]
    assert (other.returncode, sleeper.returncode) == (0, 0), ended
    assert "another process took over while this one was suspended" in ended[1][1]
    assert trained([out for out, _ in ended]) == {name: 1}
    record = records(tmp_path)[name]
    assert [epoch["epoch"] for epoch in record["history"]] == list(range(150))
    assert not (tmp_path / "replaced").exists()


def test_a_killed_worker_process_does_not_take_the_sweep_along(tmp_path, tiny_pair):
    parallel = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
    command = [*GRID, "seed=0,1,2", *tiny_pair, *QUICK, *parallel, "trainer.max_epochs=60"]
    sweep = start_script("train", *command, log_dir=tmp_path)
    name = "wavenet-l2-c3-k3_1"
    wait_for(training(tmp_path, name, 3), sweep)
    worker = json.loads((tmp_path / "nas/tiny/phase1" / name / ".claim").read_text())["pid"]
    assert worker != sweep.pid
    os.kill(worker, signal.SIGKILL)
    out, err = sweep.communicate(timeout=180)
    assert sweep.returncode == 0, err
    assert "a worker process was killed" in err
    assert "Traceback" not in err
    assert {r["status"] for r in records(tmp_path).values()} == {"ok"}
    assert {len(r["history"]) for r in records(tmp_path).values()} == {60}
    assert trained([out]) == dict.fromkeys(records(tmp_path), 1)
