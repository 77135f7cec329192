"""A search whose database another program locks says that it waits."""

import logging
import sqlite3
import threading
import time

import pytest

from voxnas.search import sqlite_wait, storage
from voxnas.search.sqlite_wait import EVERY_S, FIRST_S, Connection, Waits
from voxnas.search.storage import open_storage
from voxnas.utils.errors import InputError


@pytest.fixture
def impatient(monkeypatch):
    """Lines after a tenth of a second, instead of ten."""
    monkeypatch.setattr(sqlite_wait, "WAITS", Waits(first_s=0.1, every_s=0.3))


@pytest.fixture
def locked(tmp_path):
    """A database, and a connection that lets nobody else near it."""
    path = tmp_path / "optuna.db"
    open_storage(f"sqlite:///{path}")
    other = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    yield path, other
    other.close()


def test_a_line_comes_within_ten_seconds_and_then_every_thirty():
    assert FIRST_S + 1 + 4 < 10  # it looks once a second, after four of start-up
    assert EVERY_S == 30


def test_a_locked_database_is_named_while_it_is_waited_for(impatient, locked, caplog):
    path, other = locked
    threading.Timer(1.0, other.execute, ["ROLLBACK"]).start()
    with caplog.at_level(logging.WARNING):
        open_storage(f"sqlite:///{path}")
    lines = [message for message in caplog.messages if "locked by another program" in message]
    assert 2 <= len(lines) <= 5
    assert all(line.startswith(f"{path}: ") for line in lines)


def test_a_commit_that_waits_says_so_too(impatient, tmp_path, caplog):
    path = tmp_path / "some.db"
    ours = sqlite3.connect(path, timeout=5, factory=Connection)
    ours.cursor().execute("CREATE TABLE t (x)")
    ours.commit()
    reader = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    reader.execute("INSERT INTO t VALUES (1), (2)")
    reader.execute("BEGIN")
    reader.execute("SELECT x FROM t").fetchall()
    ours.cursor().execute("INSERT INTO t VALUES (3)")
    threading.Timer(0.6, reader.execute, ["COMMIT"]).start()
    with caplog.at_level(logging.WARNING):
        ours.commit()
    assert any(message.startswith(f"{path}: locked") for message in caplog.messages)


def test_a_database_that_is_free_costs_no_line(impatient, tmp_path, caplog):
    open_storage(f"sqlite:///{tmp_path / 'optuna.db'}")
    time.sleep(0.3)
    assert caplog.messages == []


def test_one_that_stays_locked_is_one_line_that_says_so(locked, monkeypatch):
    path, _ = locked
    monkeypatch.setattr(storage, "WAIT_S", 0.05)
    monkeypatch.setattr(storage, "_ATTEMPTS", 2)
    with pytest.raises(InputError, match=r"cannot be used: .*database is locked"):
        open_storage(f"sqlite:///{path}")
