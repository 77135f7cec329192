"""Sweeps as tasks of a Ray cluster: a real one of one node, in a network of its own, joined by address."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from cluster_sweep import SWEEP, records
from own_network import own_network
from processes import wait_for
from ray_cluster import RayCluster, ray_cluster
from scripts import run_script, start_script

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    pytest.importorskip("ray", reason="Ray is not installed: ./setup.sh ray")
    with ray_cluster() as started:
        yield started


@pytest.fixture
def on_ray(cluster: RayCluster) -> list[str]:
    return ["hydra/launcher=ray", f"hydra.launcher.ray.init.address='{cluster.address}'"]


def workers(logs: Path) -> list[int]:
    """The processes that have a task whose results go to this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            ours = str(logs).encode() in (process / "environ").read_bytes()
            if ours and (process / "cmdline").read_bytes().startswith(b"ray::execute"):
                found.append(int(process.name))
    return found


def test_two_candidates_are_two_tasks_of_a_cluster_that_knows_nothing_of_the_project(
    cluster, on_ray, tmp_path, tiny_pair
):
    command = [*SWEEP, *tiny_pair, *on_ray, "trainer.max_epochs=2"]
    given = {"log_dir": tmp_path, "prefix": cluster.prefix, "environment": cluster.environment}
    done = run_script("train", *command, **given)
    assert done.code == 0, done.err
    assert [record["status"] for record in records(tmp_path)] == ["ok", "ok"]
    assert {record["machine"]["threads"] for record in records(tmp_path)} == {1}
    shown = sorted(line[:5] for line in done.out.splitlines() if "ESR" in line)
    assert shown == ["[1/2]", "[2/2]"]


def test_a_task_whose_process_is_killed_goes_on_from_its_last_epoch(cluster, on_ray, tmp_path, tiny_pair):
    command = [*SWEEP, *tiny_pair, *on_ray, "trainer.max_epochs=100000", "trainer.max_time=00:00:00:06"]
    given = {"log_dir": tmp_path, "prefix": cluster.prefix, "environment": cluster.environment}
    driver = start_script("train", *command, **given)
    wait_for(lambda: sum(len(record["history"]) > 2 for record in records(tmp_path)) == 2)
    os.kill(workers(tmp_path)[0], signal.SIGKILL)
    _, err = driver.communicate(timeout=120)
    assert driver.returncode == 0, err
    assert [record["status"] for record in records(tmp_path)] == ["ok", "ok"]
    assert sorted(record["epochs_at_start"] > 0 for record in records(tmp_path)) == [False, True]


def test_ctrl_c_stops_the_tasks_and_says_how_to_go_on(cluster, on_ray, tmp_path, tiny_pair):
    command = [*SWEEP, *tiny_pair, *on_ray, "trainer.max_epochs=100000"]
    given = {"log_dir": tmp_path, "prefix": cluster.prefix, "environment": cluster.environment}
    driver = start_script("train", *command, **given)
    wait_for(lambda: sum(len(record["history"]) > 2 for record in records(tmp_path)) == 2)
    driver.send_signal(signal.SIGINT)
    _, err = driver.communicate(timeout=60)
    assert driver.returncode == 130, err
    assert "Traceback" not in err
    assert {record["status"] for record in records(tmp_path)} == {"interrupted"}
    assert workers(tmp_path) == []


@pytest.mark.parametrize("wrong", ["token", "address"])
def test_a_cluster_that_does_not_let_in_or_is_not_there_is_said_in_one_line(
    cluster, tmp_path, tiny_pair, wrong
):
    token = cluster.environment["RAY_AUTH_TOKEN"]
    environment = cluster.environment | {"RAY_AUTH_TOKEN": token[::-1] if wrong == "token" else token}
    address = cluster.address if wrong == "token" else "127.0.0.1:1"
    command = [*SWEEP, *tiny_pair, "hydra/launcher=ray", f"hydra.launcher.ray.init.address='{address}'"]
    done = run_script("train", *command, log_dir=tmp_path, prefix=cluster.prefix, environment=environment)
    assert done.code == 2
    assert done.err.splitlines()[-1].startswith(f"error: no Ray cluster at {address}: "), done.err
    assert "Traceback" not in done.err
    assert not records(tmp_path)


def test_without_an_address_ray_starts_here(tmp_path, tiny_pair):
    pytest.importorskip("ray", reason="Ray is not installed: ./setup.sh ray")
    command = [*SWEEP, *tiny_pair, "hydra/launcher=ray", "trainer.max_epochs=2"]
    with own_network() as prefix:
        done = run_script("train", *command, log_dir=tmp_path, prefix=prefix)
    assert done.code == 0, done.err
    assert [record["status"] for record in records(tmp_path)] == ["ok", "ok"]
