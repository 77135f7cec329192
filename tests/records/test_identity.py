"""The hash that tells whether a run is the same as an earlier one."""

import subprocess
from pathlib import Path

import pytest

from voxnas.records.identity import git_revision, identity, machine, versions
from voxnas.records.record import Record
from voxnas.search import identity as module

RUN = {"architecture": {"type": "WaveNet"}, "data": {"fingerprint": "abc", "sections": {"train": [0, 9]}}}


def run_identity(config, **figures) -> str:
    values = {"candidate": "amp", "study": "s", "rung": "train", "status": "running", "identity": ""}
    return module.run_identity(config, Record(**(values | RUN | figures)))


def test_it_depends_on_values_and_not_on_their_order():
    assert identity({"a": 1, "b": [1, 2]}) == identity({"b": [1, 2], "a": 1})
    assert identity({"a": 1}) != identity({"a": 2})
    assert identity({"a": [1, 2]}) != identity({"a": [2, 1]})


def test_it_is_the_same_in_every_version():
    assert identity({"seed": 0, "lr": 0.004, "name": None}) == "8ab0a1880603270a"


@pytest.mark.parametrize(
    "change",
    [
        "seed=1",
        "patience=3",
        "trainer.max_epochs=7",
        "trainer.max_time=00:00:01:00",
        "trainer.precision=64-true",
        "training.optimizer.lr=0.5",
        "training.loss.mse=1",
        "data.batch_size=3",
        "data.segment_length=100",
        "init_from=other.ckpt",
    ],
)
def test_what_shapes_a_result_changes_it(composed, change):
    assert run_identity(composed("train", change)) != run_identity(composed("train"))


@pytest.mark.parametrize(
    "change",
    [
        "study=other",
        "trainer.devices=2",
        "trainer.log_every_n_steps=1",
        "callbacks.benchmark.blocks=7",
        "callbacks.preview=null",
        "+export.metadata.name=Amp",
        "logger=csv",
        "data.folder=elsewhere",
        "threads=1",
    ],
)
def test_what_does_not_shape_a_result_leaves_it(composed, change):
    assert run_identity(composed("train", change)) == run_identity(composed("train"))


def test_other_recordings_sections_and_networks_change_it(composed):
    config = composed("train")
    same = run_identity(config)
    assert run_identity(config, architecture={"type": "LSTM"}) != same
    assert run_identity(config, data=RUN["data"] | {"fingerprint": "abd"}) != same
    assert run_identity(config, data=RUN["data"] | {"sections": {"train": [0, 8]}}) != same
    assert run_identity(config, data=RUN["data"] | {"input": "the same file elsewhere.wav"}) == same


def test_weights_to_start_from_count_by_the_run_that_made_them(composed, tmp_path):
    def starting_from(parent: str, folder: str) -> str:
        record = Record("amp", "s", "phase1", "ok", identity=parent)
        record.write(tmp_path / folder)
        return run_identity(composed("train", f"init_from={tmp_path / folder}/checkpoints/best.ckpt"))

    assert starting_from("x", "here") == starting_from("x", "there")
    assert starting_from("x", "here") != starting_from("y", "here")


def test_where_a_result_was_made_is_recorded(tmp_path):
    assert machine()["cores"] >= 1
    assert machine()["cpu"]
    assert {"python", "torch", "lightning", "voxnas"} <= set(versions())
    assert git_revision(tmp_path) is None


def test_a_checkout_is_named_by_its_commit_and_whether_it_was_changed(tmp_path: Path):
    def git(*arguments: str) -> str:
        who = ["-c", "user.name=a", "-c", "user.email=a@b"]
        done = subprocess.run(
            ["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    git("init", "--quiet")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "--quiet", "--message=first")
    commit = git("rev-parse", "HEAD")[:12]
    assert git_revision(tmp_path) == commit
    (tmp_path / "file").write_text("two")
    assert git_revision(tmp_path) == commit + "+"


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="the system has no /proc/cpuinfo")
def test_the_machine_s_flags_are_the_cpu_s_vector_instructions():
    info = Path("/proc/cpuinfo").read_text().split()
    flags = machine()["cpu_flags"].split()
    assert flags == sorted(set(flags))
    assert {"sse2", "avx2", "avx512f", "fma", "asimd"} & {*info} <= {*flags} <= {*info}
