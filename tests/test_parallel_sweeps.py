"""Candidates in processes of their own, several at a time."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from scripts import ROOT, run_script, start_script

pytestmark = pytest.mark.slow
PARALLEL = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
SEEDS = ["-m", "search=phase1", "study=tiny", "model.num_layers=2", "model.channels=3", "seed=0,1,2"]


def records(logs: Path) -> dict[str, dict]:
    found = sorted((logs / "nas/tiny/phase1").glob("*/record.json"))
    return {path.parent.name: json.loads(path.read_text()) for path in found}


def test_side_by_side_and_one_after_the_other_give_the_same(tmp_path, tiny_pair):
    command = [*SEEDS, *tiny_pair, "trainer.max_epochs=2", "threads=1"]
    alone = run_script("train", *command, log_dir=tmp_path / "alone")
    together = run_script("train", *command, *PARALLEL, log_dir=tmp_path / "together")
    assert (alone.code, together.code) == (0, 0), together.err
    expected, found = records(tmp_path / "alone"), records(tmp_path / "together")
    assert expected.keys() == found.keys()
    for name, record in expected.items():
        for figure in ("status", "identity", "score", "metrics"):
            assert found[name][figure] == record[figure]
    assert sorted(line[:5] for line in together.out.splitlines() if "ESR" in line and "RTF" in line) == [
        "[1/3]",
        "[2/3]",
        "[3/3]",
    ]


def test_one_that_fails_does_not_take_the_others_along(tmp_path, tiny_pair):
    given = [*SEEDS[:-1], "training.optimizer.lr=1e30,0.01", *tiny_pair, "trainer.max_epochs=2", *PARALLEL]
    done = run_script("train", *given, log_dir=tmp_path)
    assert done.code == 1
    assert sorted(record["status"] for record in records(tmp_path).values()) == ["failed", "ok"]
    assert "Traceback" not in done.err


def test_ctrl_c_stops_all_and_the_same_command_goes_on(tmp_path, tiny_pair):
    command = [*SEEDS, *tiny_pair, *PARALLEL, "patience=null"]  # else they end by themselves in seconds
    script = [sys.executable, str(ROOT / "src/train.py"), *command, "trainer.max_epochs=100000"]
    environment = os.environ | {"VOXNAS_LOG_DIR": str(tmp_path), "OMP_NUM_THREADS": "1"}
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        script, env=environment, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 120
    while sum(len(record["history"]) > 2 for record in records(tmp_path).values()) < 2:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=180)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    cut = records(tmp_path)
    # "running": on a busy machine joblib kills a process before it has said so; that goes on as well
    assert {record["status"] for record in cut.values()} <= {"interrupted", "running"}
    again = run_script(
        "train", *command, "trainer.max_epochs=100000", "trainer.max_time=00:00:00:04", log_dir=tmp_path
    )
    assert again.code == 0, again.err
    for name, record in cut.items():
        assert len(records(tmp_path)[name]["history"]) > len(record["history"])


def test_processes_in_the_way_of_slurm_jobs_give_the_same_as_one_after_the_other(tmp_path, tiny_pair):
    pytest.importorskip("submitit", reason="submitit is not installed: ./setup.sh slurm")
    as_jobs = ["hydra/launcher=submitit_local", "hydra.launcher.n_jobs=2", "threads=1"]
    command = [*SEEDS[:-1], "training.optimizer.lr=1e30,0.01", *tiny_pair, "trainer.max_epochs=2", *as_jobs]
    done = run_script("train", *command, log_dir=tmp_path)
    assert done.code == 1
    assert sorted(record["status"] for record in records(tmp_path).values()) == ["failed", "ok"]
    assert "Traceback" not in done.err
    assert sorted(line[:5] for line in done.out.splitlines() if "seed" in line or "lr" in line) == [
        "[1/2]",
        "[2/2]",
    ]


def test_what_no_candidate_could_do_better_with_ends_such_processes_with_one_line(tmp_path, tiny_pair):
    pytest.importorskip("submitit", reason="submitit is not installed: ./setup.sh slurm")
    command = [*SEEDS, *tiny_pair, "data.input=nowhere.wav", "hydra/launcher=submitit_local"]
    done = run_script("train", *command, log_dir=tmp_path)
    assert (done.code, done.err) == (2, "error: nowhere.wav: no such file; check the path\n")


def test_ctrl_c_stops_such_processes_too(tmp_path, tiny_pair):
    pytest.importorskip("submitit", reason="submitit is not installed: ./setup.sh slurm")
    given = ["hydra/launcher=submitit_local", "hydra.launcher.n_jobs=2", "trainer.max_epochs=100000"]
    driver = start_script("train", *SEEDS, *tiny_pair, *given, log_dir=tmp_path, own_group=True)
    deadline = time.monotonic() + 120
    while sum(len(record["history"]) > 2 for record in records(tmp_path).values()) < 2:
        assert driver.poll() is None, driver.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.killpg(driver.pid, signal.SIGINT)  # as a terminal does
    _, err = driver.communicate(timeout=180)
    assert (driver.returncode, err) == (130, "interrupted: the same command goes on from here\n")
    assert {record["status"] for record in records(tmp_path).values()} == {"interrupted"}
