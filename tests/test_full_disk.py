"""A full disk and a read-only one, for real: a small file system in a mount namespace of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from scripts import ROOT, Result

pytestmark = pytest.mark.slow
QUICK = [
    "callbacks.benchmark.blocks=10",
    "callbacks.benchmark.block_sizes=[512]",
    "model.num_layers=2",
    "model.channels=3",
    "trainer.max_epochs=6",
]
GRID = ["-m", "search=phase1", "study=tiny", "seed=0,1", "name=${model.name}_${seed}"]


class Disk:
    """A tmpfs under a path that only processes in its namespace see; `outside` is where the test sees it."""

    def __init__(self, folder: Path, keeper: subprocess.Popen[str]) -> None:
        self.folder, self.keeper = folder, keeper
        self.outside = Path(f"/proc/{keeper.pid}/root{folder}")

    def enter(self, *command: str, **settings) -> subprocess.CompletedProcess[str]:
        line = ["nsenter", "-t", str(self.keeper.pid), "-m", *command]
        return subprocess.run(line, text=True, capture_output=True, timeout=200, **settings)

    def remount(self, options: str) -> None:
        done = self.enter("mount", "-o", f"remount,{options}", str(self.folder))
        assert done.returncode == 0, done.stderr

    def script(self, name: str, *arguments: str) -> Result:
        environment = os.environ | {"VOXNAS_LOG_DIR": f"{self.folder}/logs", "OMP_NUM_THREADS": "1"}
        done = self.enter(sys.executable, f"{ROOT}/src/{name}.py", *arguments, env=environment, cwd=ROOT)
        return Result(done.returncode, done.stdout, done.stderr)

    def records(self) -> dict[str, dict]:
        found = sorted((self.outside / "logs/nas/tiny/phase1").glob("*/record.json"))
        return {path.parent.name: json.loads(path.read_text()) for path in found}

    def check_whole(self) -> None:
        """Every record and every checkpoint can be read, and nothing half-written lies about."""
        self.records()
        for path in self.outside.rglob("*.ckpt"):
            torch.load(path, weights_only=True)
        assert [p.name for p in self.outside.rglob("*") if p.name.startswith((".tmp-", ".claim"))] == []


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str], Disk]]:
    keepers = []

    def make(options: str) -> Disk:
        folder = tmp_path / "disk"
        folder.mkdir()
        script = f"mount -t tmpfs -o {options} tmpfs '{folder}' && echo ready && exec sleep 600"
        keeper = subprocess.Popen(
            ["unshare", "-m", "sh", "-c", script],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        keepers.append(keeper)
        assert keeper.stdout is not None
        if (said := keeper.stdout.readline()) != "ready\n":
            pytest.skip(f"cannot mount a file system here: {said.strip()}")
        return Disk(folder, keeper)

    if not shutil.which("unshare") or not shutil.which("nsenter"):
        pytest.skip("needs unshare and nsenter of util-linux")
    yield make
    for keeper in keepers:
        keeper.kill()
        keeper.wait()


def assert_one_line(done: Result, *words: str) -> None:
    assert done.code == 2, done
    lines = [line for line in done.err.splitlines() if "srun" not in line]
    assert len(lines) == 1, done.err
    assert all(word in lines[0] for word in words), lines


@pytest.mark.parametrize("size_kib", [8, 60, 110])
def test_a_full_disk_is_one_line_and_the_same_command_goes_on_when_there_is_room(disk, tiny_pair, size_kib):
    """Full at the start, in the first epochs, and at the end, when exports and previews are written."""
    full = disk(f"size={size_kib}k")
    command = [*GRID, *QUICK, *tiny_pair]
    assert_one_line(
        full.script("train", *command), "error: No space left on device: free some and run again: "
    )
    full.check_whole()
    assert all(record["status"] == "running" for record in full.records().values())
    full.remount("size=32m")
    done = full.script("train", *command)
    assert done.code == 0, done.err
    full.check_whole()
    for record in full.records().values():
        assert (record["status"], [e["epoch"] for e in record["history"]]) == ("ok", list(range(6)))
        assert record["score"] > 0
    assert len(full.records()) == 2


def test_a_disk_that_becomes_read_only_is_one_line_and_loses_nothing(disk, tiny_pair):
    shared = disk("size=32m")
    command = [*GRID, *QUICK, *tiny_pair]
    assert shared.script("train", *command).code == 0
    before = {path: path.read_bytes() for path in shared.outside.rglob("*.json")}
    shared.remount("ro")
    words = "error: Read-only file system: make it writable and run again: "
    assert_one_line(shared.script("train", *command), words)
    assert_one_line(shared.script("promote", "study=tiny"), words)
    assert_one_line(shared.script("report", "study=tiny", "rebenchmark=false"), words)
    assert {path: path.read_bytes() for path in shared.outside.rglob("*.json")} == before


def test_a_report_that_finds_no_room_leaves_the_one_before(disk, tiny_pair):
    shared = disk("size=32m")
    assert shared.script("train", *GRID, *QUICK, *tiny_pair).code == 0
    assert shared.script("report", "study=tiny", "rebenchmark=false").code == 0
    report = shared.outside / "logs/nas/tiny/report"
    before = {path.name: path.read_bytes() for path in report.iterdir()}
    used_kib = int(shared.enter("df", "--output=used", str(shared.folder)).stdout.split()[1])
    shared.remount(f"size={used_kib + 8}k")
    done = shared.script("report", "study=tiny", "rebenchmark=false")
    assert_one_line(done, "error: No space left on device: free some and run again: ")
    after = {path.name: path.read_bytes() for path in report.iterdir()}
    assert after.keys() == before.keys()
    assert all(after[name] == before[name] for name in before if name.endswith(("png", "md")))
