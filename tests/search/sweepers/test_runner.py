"""What a runner does with its jobs, whatever the launcher and whoever else works on the study."""

import threading
from concurrent.futures.process import BrokenProcessPool

import pytest
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import OmegaConf

from voxnas.records.claim import claimed
from voxnas.records.record import Record
from voxnas.search.sweepers import runner
from voxnas.search.sweepers.runner import Runner
from voxnas.utils.app import RunBusy, RunError
from voxnas.utils.errors import Busy


class Launcher:
    """Answers each job with what `do` returns or raises, and keeps the batches."""

    def __init__(self, folder, do) -> None:
        self.folder, self.do, self.batches = folder, do, []

    def launch(self, batch, initial_job_idx):
        self.batches.append((initial_job_idx, [job[0] for job in batch]))
        return [self._job(job[0]) for job in batch]

    def _job(self, name: str) -> JobReturn:
        output = {"hydra": {"runtime": {"output_dir": str(self.folder / name)}}}
        result = JobReturn(overrides=[name], hydra_cfg=OmegaConf.create(output))
        try:
            self.do(name)
            result.return_value, result.status = 0.5, JobStatus.COMPLETED
        except RunError as error:
            result.return_value, result.status = error, JobStatus.FAILED
        return result


@pytest.fixture
def make_runner(tmp_path, monkeypatch):
    """A runner whose launcher does as it is told."""
    monkeypatch.setattr(runner, "POLL_S", 0.01)
    return lambda do: Runner(Launcher(tmp_path, do), lambda batch: None)


def test_outcomes_come_in_the_order_of_the_jobs_with_their_records(make_runner, tmp_path):
    def do(name: str) -> None:
        if name == "b":
            raise RunError("b: no")
        Record(name, "s", "r", "ok", "x").write(tmp_path / name)

    outcomes = make_runner(do).run_all([["a"], ["b"], ["c"]])
    assert [(o.overrides, o.record and o.record.candidate, str(o.error or "")) for o in outcomes] == [
        (("a",), "a", ""),
        (("b",), None, "b: no"),
        (("c",), "c", ""),
    ]


def test_no_jobs_are_no_launch(make_runner):
    made = make_runner(None)
    assert made.run_all([]) == []
    assert made.launcher.batches == []


def test_batches_are_as_large_as_asked_and_numbers_go_on(make_runner):
    made = make_runner(lambda name: None)
    made.run_all([["a"], ["b"], ["c"]], batch_size=2)
    made.run_all([["d"]])
    assert made.launcher.batches == [(0, ["a", "b"]), (2, ["c"]), (3, ["d"])]


def test_what_another_process_holds_is_come_back_to_after_the_others(make_runner, tmp_path, caplog):
    other = claimed(tmp_path / "b")
    other.__enter__()
    done = []

    def do(name: str) -> None:
        try:
            with claimed(tmp_path / name):
                done.append(name)
        except Busy as busy:
            raise RunBusy(str(busy)) from busy

    made = make_runner(do)
    letting_go = threading.Timer(0.3, lambda: other.__exit__(None, None, None))
    letting_go.start()
    with caplog.at_level("INFO", logger="voxnas"):
        outcomes = made.run_all([["a"], ["b"], ["c"], ["d"]], batch_size=1)
    assert done == ["a", "c", "d", "b"]
    assert made.launcher.batches[-1] == (1, ["b"])
    assert [o.overrides for o in outcomes] == [("a",), ("b",), ("c",), ("d",)]
    assert all(o.error is None for o in outcomes)
    assert [r.message for r in caplog.records] == [
        "waiting for candidates that other processes train: 1 of 4"
    ]


def test_after_a_killed_worker_process_all_go_on_and_then_one_at_a_time(make_runner):
    breaks = iter([True, True])

    def do(name: str) -> None:
        if name == "b" and next(breaks, False):
            raise BrokenProcessPool

    made = make_runner(do)
    assert [o.error for o in made.run_all([["a"], ["b"], ["c"]])] == [None] * 3
    assert made.launcher.batches == [(0, ["a", "b", "c"])] * 2 + [(0, ["a"]), (1, ["b"]), (2, ["c"])]


def test_a_candidate_that_kills_its_process_every_time_fails_alone(make_runner):
    def do(name: str) -> None:
        if name == "b":
            raise BrokenProcessPool

    errors = [o.error for o in make_runner(do).run_all([["a"], ["b"], ["c"]])]
    assert (errors[0], errors[2]) == (None, None)
    assert str(errors[1]) == "killed 3 times: b"
