"""A run's folder over several attempts."""

import multiprocessing
import re

import pytest

from voxnas.records.record import Record
from voxnas.records.run_folder import (
    continues,
    exclusive,
    failed_since,
    is_finished,
    previous_record,
    set_aside,
)
from voxnas.utils.errors import InputError, VoxnasError

EPOCH = {"epoch": 0, "score": 0.5}


def record(status="running", identity="x", epochs: int = 0, **figures) -> Record:
    return Record("amp", "s", "phase1", status, identity, history=[EPOCH] * epochs, **figures)


@pytest.mark.parametrize("status", ["ok", "rejected"])
def test_what_has_come_to_its_end_is_finished_until_something_changes(status):
    assert is_finished(record(status), "x")
    assert not is_finished(record(status), "y")


@pytest.mark.parametrize("status", ["running", "failed", "interrupted"])
def test_what_was_cut_or_failed_is_not_finished(status):
    assert not is_finished(record(status), "x")
    assert not is_finished(None, "x")


@pytest.mark.parametrize("status", ["running", "interrupted"])
def test_what_was_cut_goes_on_with_its_history(status):
    attempt = record()
    assert continues(record(status, epochs=3), attempt)
    assert (len(attempt.history), attempt.epochs_at_start, attempt.cuts) == (3, 3, 0)


@pytest.mark.parametrize(
    "previous", [None, record(identity="y"), record("ok"), record("failed"), record("rejected")]
)
def test_what_was_not_cut_starts_afresh(previous):
    attempt = record()
    assert not continues(previous, attempt)
    assert attempt.history == []


def attempts(epochs_reached: list[int], status: str = "running") -> Record:
    """One attempt after the other, each ending at the epoch given."""
    previous = record(status, epochs=epochs_reached[0])
    for epochs in epochs_reached[1:]:
        attempt = record()
        assert continues(previous, attempt)
        attempt.status, attempt.history = status, [EPOCH] * epochs
        previous = attempt
    return previous


def test_killed_three_times_at_the_same_epoch_it_counts_as_failed():
    previous = attempts([2, 2, 2])
    assert previous.cuts == 1  # the first kill came after two epochs of progress
    with pytest.raises(VoxnasError, match="killed 3 times in epoch 2, perhaps for lack of memory; lower"):
        continues(attempts([2, 2, 2, 2]), record())
    with pytest.raises(VoxnasError, match="killed 3 times in epoch 0"):
        continues(attempts([0, 0, 0]), record())


def test_every_epoch_of_progress_and_every_interruption_starts_the_count_anew():
    assert attempts([0, 0, 1, 1, 2, 2, 3, 4]).cuts == 0
    assert attempts([0] * 9, "interrupted").cuts == 0


def test_what_is_replaced_is_kept_with_its_place(tmp_path):
    folder = tmp_path / "nas" / "mine" / "phase1" / "amp"
    record("ok").write(folder)
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints" / "best.ckpt").write_text("weights")
    (folder / ".hydra").mkdir()
    (folder / ".claim").touch()
    place = set_aside(folder, tmp_path)
    assert place is not None
    assert place.parent == tmp_path / "replaced/nas/mine/phase1"
    assert (place / "checkpoints/best.ckpt").read_text() == "weights"
    assert Record.read(place).status == "ok"
    assert sorted(path.name for path in folder.iterdir()) == [".claim", ".hydra"]
    assert set_aside(folder, tmp_path) is None


def test_no_record_is_no_previous_attempt_and_a_broken_one_is_named(tmp_path):
    assert previous_record(tmp_path) is None
    (tmp_path / "record.json").write_text("{")
    with pytest.raises(InputError, match="not a run record"):
        previous_record(tmp_path)


def _try(folder, answers) -> None:
    try:
        with exclusive(folder):
            answers.put("free")
    except VoxnasError as error:
        answers.put(str(error))


def test_only_one_process_trains_in_a_folder(tmp_path):
    context = multiprocessing.get_context("fork")
    answers = context.Queue()

    def ask() -> str:
        process = context.Process(target=_try, args=(tmp_path / "amp", answers))
        process.start()
        process.join()
        return answers.get(timeout=10)

    with exclusive(tmp_path / "amp"):
        assert re.fullmatch(rf"{tmp_path}/amp: another process \(.*\) is training this candidate", ask())
    assert ask() == "free"


def test_what_killed_attempts_left_half_written_goes(tmp_path):
    folder = tmp_path / "amp"
    (folder / "checkpoints").mkdir(parents=True)
    for name in (".tmp-01234567-record.json", "checkpoints/.tmp-89abcdef-last.ckpt", "checkpoints/last.ckpt"):
        (folder / name).touch()
    with exclusive(folder):
        assert {path.name for path in folder.rglob("*")} == {".claim", "checkpoints", "last.ckpt"}


def test_a_failure_counts_as_of_this_sweep_if_it_came_after_its_beginning(tmp_path):
    (tmp_path / "now").touch()
    before = (tmp_path / "now").stat().st_mtime_ns
    record("failed").write(tmp_path)
    after = (tmp_path / "record.json").stat().st_mtime_ns + 1
    assert failed_since(record("failed"), "x", tmp_path, before)
    assert not failed_since(record("failed"), "x", tmp_path, after)
    assert not failed_since(record("failed"), "y", tmp_path, before)
    assert not failed_since(record("running"), "x", tmp_path, before)
    assert not failed_since(None, "x", tmp_path, before)


@pytest.mark.parametrize("stale_after_s", [0, -1, 0.5, float("nan")])
def test_no_time_at_all_to_show_a_sign_of_life_is_refused(tmp_path, stale_after_s):
    with pytest.raises(InputError, match=r"stale_after_s=.*: give a second or more"):
        exclusive(tmp_path, stale_after_s=stale_after_s).__enter__()
