"""Who holds a folder, when holders die, sleep, or are on machines with other clocks."""

import json
import multiprocessing
import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from voxnas.records import claim
from voxnas.records.claim import CLAIM, ClaimLost, Watch, claimed, in_turn
from voxnas.records.holder import create, read
from voxnas.utils.errors import Busy

FORK = multiprocessing.get_context("fork")


def process(target, *arguments):
    started = FORK.Process(target=target, args=arguments)
    started.start()
    return started


def until(condition, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def elsewhere(folder: Path, stale_after_s: float = 0.4, **changes) -> Path:
    """A claim as another machine has written it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / CLAIM
    create(path, stale_after_s)
    values = json.loads(path.read_text()) | {"host": "studio", "place": "another boot", "pid": 1} | changes
    path.write_text(json.dumps(values))
    return path


def hold(folder: Path, seconds: float = 60.0, stale_after_s: float = 60.0) -> None:
    with claimed(folder, stale_after_s=stale_after_s):
        time.sleep(seconds)


def test_a_folder_is_held_once_and_free_again_with_nothing_left(tmp_path):
    with claimed(tmp_path / "amp") as held:
        who = f"pid {os.getpid()} on {os.uname().nodename}"
        with pytest.raises(Busy, match=rf"amp: another process \({who}\) is training this candidate"):
            claimed(tmp_path / "amp", patient=True).__enter__()
        held.check()
    with claimed(tmp_path / "amp"):
        pass
    assert list((tmp_path / "amp").iterdir()) == []


def test_a_killed_holder_s_claim_is_free_at_once(tmp_path):
    holder = process(hold, tmp_path)
    until((tmp_path / CLAIM).exists)
    until(lambda: read(tmp_path / CLAIM).token)
    with pytest.raises(Busy):
        claimed(tmp_path).__enter__()
    os.kill(holder.pid, signal.SIGKILL)
    until(lambda: "Z" in Path(f"/proc/{holder.pid}/stat").read_text())  # nobody has asked how it ended
    with claimed(tmp_path):
        pass
    holder.join()


def test_another_process_of_the_same_number_is_not_the_holder(tmp_path):
    path = tmp_path / CLAIM
    create(path, 60.0)
    values = json.loads(path.read_text())
    path.write_text(json.dumps(values | {"started": "1"}))
    with claimed(tmp_path):
        pass


def test_a_claim_of_another_machine_is_taken_over_when_it_has_not_changed_for_long_enough(tmp_path):
    path = elsewhere(tmp_path)
    with pytest.raises(Busy, match="pid 1 on studio"):
        claimed(tmp_path).__enter__()
    assert path.exists()
    start = time.monotonic()
    with claimed(tmp_path, patient=True):
        assert 0.4 <= time.monotonic() - start < 5
    assert not path.exists()


@pytest.mark.parametrize("clock_s", [-1e6, 0.0, 1e6])
def test_clocks_of_machines_need_not_agree(tmp_path, clock_s):
    """The other machine, or the file system, is a million seconds off; only a change says that it lives."""
    path = elsewhere(tmp_path)
    watch = Watch(path)
    for beat in range(8):
        os.utime(path, (0, time.time() + clock_s + beat))
        assert not watch.free()
        time.sleep(0.1)
    until(watch.free, 5)


def test_whoever_waits_sees_within_a_heartbeat_that_the_other_machine_lives(tmp_path):
    path = elsewhere(tmp_path, stale_after_s=30.0)

    def beat() -> None:
        time.sleep(0.3)
        os.utime(path)

    beating = process(beat)
    start = time.monotonic()
    with pytest.raises(Busy):
        claimed(tmp_path, patient=True).__enter__()
    assert time.monotonic() - start < 5
    beating.join()


def test_a_claim_that_was_cut_while_being_written_expires(tmp_path, monkeypatch):
    monkeypatch.setattr("voxnas.records.holder.DEFAULT_STALE_AFTER_S", 0.3)
    for torn in (b"", b'{"token": "ab', b"[]", b'{"since": 1}'):
        (tmp_path / CLAIM).write_bytes(torn)
        with pytest.raises(Busy, match="another process is training"):
            claimed(tmp_path).__enter__()
        with claimed(tmp_path, patient=True):
            pass


def test_a_live_holder_is_never_taken_for_dead(tmp_path):
    holder = process(hold, tmp_path, 2.0, 0.3)
    until((tmp_path / CLAIM).exists)
    watch, start = Watch(tmp_path / CLAIM), time.monotonic()
    until(watch.free)
    assert time.monotonic() - start > 1.5
    holder.join()


def sleeper(folder: Path, answers) -> None:
    with claimed(folder, stale_after_s=0.5) as held:
        answers.put(os.getpid())
        while True:
            time.sleep(0.01)
            try:
                held.check()
            except ClaimLost as lost:
                answers.put(str(lost))
                break
    answers.put("let go")


def test_whoever_slept_too_long_notices_and_leaves_the_new_holder_alone(tmp_path):
    answers = FORK.Queue()
    holder = process(sleeper, tmp_path, answers)
    pid = answers.get(timeout=10)
    os.kill(pid, signal.SIGSTOP)
    with in_turn(tmp_path, poll_s=0.05) as held:
        os.kill(pid, signal.SIGCONT)
        lost = answers.get(timeout=10)
        assert lost == f"{tmp_path}: another process took over while this one was suspended"
        assert answers.get(timeout=10) == "let go"
        assert read(tmp_path / CLAIM).token == held.token
        held.check()
    holder.join()


def test_a_claim_that_cannot_be_refreshed_counts_as_lost(tmp_path, monkeypatch):
    def unreachable(path):
        raise OSError("stale file handle")

    with claimed(tmp_path, stale_after_s=0.2) as held:
        monkeypatch.setattr(claim, "read", unreachable)
        time.sleep(0.3)
        with pytest.raises(ClaimLost):
            held.check()


def contend(folder: Path, answers, go, over) -> None:
    watch = Watch(folder / CLAIM)
    go.wait()
    answers.put(watch.free() and create(folder / CLAIM, 60.0) is not None)
    over.wait()  # it lives while the others look


def test_of_many_who_find_a_stale_claim_one_takes_it(tmp_path):
    for number in range(4):
        folder, answers, go, over = tmp_path / str(number), FORK.Queue(), FORK.Event(), FORK.Event()
        dead = process(hold, folder)
        until(lambda path=folder / CLAIM: path.exists() and read(path).token)
        dead.kill()
        dead.join()
        workers = [process(contend, folder, answers, go, over) for _ in range(6)]
        go.set()
        assert sum(answers.get(timeout=20) for _ in workers) == 1
        over.set()
        for worker in workers:
            worker.join()
        assert [path.name for path in folder.iterdir()] == [CLAIM]


def visit(folder: Path, seed: int, visits: int, alarms) -> None:
    """Enter again and again, say so if somebody is there, and die in there now and then."""
    chance, inside = random.Random(seed), folder / "inside"
    for _ in range(visits):
        with in_turn(folder, poll_s=0.001, stale_after_s=5.0):
            with suppress(FileNotFoundError):
                other = int(inside.read_text() or 0)
                if " Z " not in Path(f"/proc/{other}/stat").read_text():
                    alarms.put((os.getpid(), other))
            inside.write_text(str(os.getpid()))
            time.sleep(chance.random() / 500)
            if chance.random() < 0.1:
                os.kill(os.getpid(), signal.SIGKILL)
            inside.unlink()


def test_nobody_ever_meets_another_inside_though_many_die_there(tmp_path):
    alarms = FORK.Queue()
    folder = tmp_path / "amp"
    workers = [process(visit, folder, seed, 20, alarms) for seed in range(24)]
    for worker in workers:
        worker.join(60)
    assert any(worker.exitcode == -signal.SIGKILL for worker in workers)
    assert any(worker.exitcode == 0 for worker in workers)
    assert alarms.empty()
    with claimed(folder):
        pass
    assert {path.name for path in folder.iterdir()} <= {"inside"}
