"""Sweeps as jobs of a Slurm cluster: a real one of one node, in a network of its own."""

import signal
from collections.abc import Iterator

import pytest
from cluster_sweep import SWEEP, records
from processes import wait_for
from scripts import run_script, start_script
from slurm_cluster import SlurmCluster, slurm_cluster

pytestmark = pytest.mark.slow
ON_SLURM = ["hydra/launcher=submitit_slurm", "hydra.launcher.cpus_per_task=1", "hydra.launcher.mem_gb=1"]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmCluster]:
    pytest.importorskip("submitit", reason="submitit is not installed: ./setup.sh slurm")
    with slurm_cluster(tmp_path_factory.mktemp("slurm")) as started:
        yield started


def test_two_candidates_are_two_jobs(cluster, tmp_path, tiny_pair):
    command = [*SWEEP, *tiny_pair, *ON_SLURM, "trainer.max_epochs=2"]
    given = {"log_dir": tmp_path, "prefix": cluster.prefix, "environment": cluster.environment}
    done = run_script("train", *command, **given)
    assert (done.code, done.err) == (0, "")
    assert [record["status"] for record in records(tmp_path)] == ["ok", "ok"]
    assert {record["machine"]["threads"] for record in records(tmp_path)} == {1}
    shown = sorted(line[:5] for line in done.out.splitlines() if "ESR" in line)
    assert shown == ["[1/2]", "[2/2]"]


def test_a_job_that_is_queued_again_goes_on_from_its_last_epoch(cluster, tmp_path, tiny_pair):
    command = [*SWEEP, *tiny_pair, *ON_SLURM, "trainer.max_epochs=100000", "trainer.max_time=00:00:00:06"]
    given = {"log_dir": tmp_path, "prefix": cluster.prefix, "environment": cluster.environment}
    driver = start_script("train", *command, **given)
    wait_for(lambda: sum(len(record["history"]) > 2 for record in records(tmp_path)) == 2)
    job = cluster.ask("squeue", "--me", "--noheader", "--array", "--format=%i").split()[0]
    assert not cluster.ask("scontrol", "requeue", job)
    _, err = driver.communicate(timeout=120)
    assert driver.returncode == 0, err
    assert [record["status"] for record in records(tmp_path)] == ["ok", "ok"]
    assert sorted(record["epochs_at_start"] > 0 for record in records(tmp_path)) == [False, True]


def test_ctrl_c_empties_the_queue_and_says_how_to_go_on(cluster, tmp_path, tiny_pair):
    command = [*SWEEP, *tiny_pair, *ON_SLURM, "trainer.max_epochs=100000"]
    given = {"log_dir": tmp_path, "prefix": cluster.prefix, "environment": cluster.environment}
    driver = start_script("train", *command, **given)
    wait_for(lambda: sum(len(record["history"]) > 2 for record in records(tmp_path)) == 2)
    driver.send_signal(signal.SIGINT)
    _, err = driver.communicate(timeout=60)
    assert driver.returncode == 130, err
    assert {record["status"] for record in records(tmp_path)} == {"interrupted"}
    assert cluster.ask("squeue", "--me", "--noheader") == ""


def test_what_slurm_refuses_is_said_in_one_line(cluster, tmp_path, tiny_pair):
    command = [*SWEEP, *tiny_pair, *ON_SLURM, "hydra.launcher.partition=none-such"]
    given = {"log_dir": tmp_path, "prefix": cluster.prefix, "environment": cluster.environment}
    done = run_script("train", *command, **given)
    assert done.code == 2
    assert done.err.splitlines()[-1].startswith("error: hydra.launcher: sbatch: error:"), done.err
