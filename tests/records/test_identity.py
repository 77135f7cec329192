"""Hashes of what made a result, and where it was made."""

import os
import subprocess
from pathlib import Path

import pytest

from voxnas.records.identity import cpu_model, git_revision, identity, machine, versions


def test_it_depends_on_values_and_not_on_their_order():
    assert identity({"a": 1, "b": [1, 2]}) == identity({"b": [1, 2], "a": 1})
    assert identity({"a": 1}) != identity({"a": 2})
    assert identity({"a": [1, 2]}) != identity({"a": [2, 1]})


def test_it_is_the_same_in_every_version():
    assert identity({"seed": 0, "lr": 0.004, "name": None}) == "8ab0a1880603270a"


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
    assert git_revision(tmp_path) is None  # nothing is committed yet
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "--quiet", "--message=first")
    commit = git("rev-parse", "HEAD")[:12]
    assert git_revision(tmp_path) == commit
    os.utime(tmp_path / "file", (0, 0))  # looks changed; git would write down that it is not
    index = (tmp_path / ".git/index").read_bytes()
    assert git_revision(tmp_path) == commit
    assert (tmp_path / ".git/index").read_bytes() == index, "a process killed meanwhile leaves a lock"
    (tmp_path / "file").write_text("two")
    assert git_revision(tmp_path) == commit + "+"


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="the system has no /proc/cpuinfo")
def test_the_machine_s_flags_are_the_cpu_s_vector_instructions():
    info = Path("/proc/cpuinfo").read_text().split()
    flags = machine()["cpu_flags"].split()
    assert flags == sorted(set(flags))
    assert {"sse2", "avx2", "avx512f", "fma", "asimd"} & {*info} <= {*flags} <= {*info}


def test_macs_are_told_apart(monkeypatch):
    monkeypatch.setattr("sys.platform", "darwin")
    answer = subprocess.CompletedProcess([], 0, "Apple M4 Pro\n", "")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: answer)
    assert cpu_model() == "Apple M4 Pro"
