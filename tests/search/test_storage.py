"""The database of trials: an earlier Optuna's is brought up to date, and nothing of it is lost."""

import logging
import multiprocessing
import sqlite3
from pathlib import Path

import optuna
import pytest

from voxnas.records.pareto import Objective
from voxnas.search import storage_upgrade
from voxnas.search.sources.trials import TrialBook
from voxnas.search.storage import open_storage
from voxnas.utils.errors import InputError

OLD = Path(__file__).with_name("optuna_2_10.sql").read_text(encoding="utf-8")
OBJECTIVES = [Objective("best_val_loss"), Objective("channels", maximise=True)]
KEPT = "optuna-v2.6.0.a.db"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A database as Optuna 2.10 left it."""
    path = tmp_path / "optuna.db"
    write(path, OLD)
    return path


def write(path: Path, words: str) -> None:
    with sqlite3.connect(path) as database:
        database.executescript(words)
    database.close()


def rows(path: Path, table: str) -> list[tuple]:
    database = sqlite3.connect(path)
    found = database.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
    database.close()
    return found


def book(path: Path, worker: str = "me") -> TrialBook:
    sampler = lambda seed: optuna.samplers.TPESampler(seed=seed)  # noqa: E731
    return TrialBook(f"sqlite:///{path}", ["search"], OBJECTIVES, sampler, 0, worker)


def test_a_search_of_optuna_2_10_goes_on_where_it_was(old):
    going_on = book(old)
    entries = going_on.entries()
    assert [(e.candidate, e.verdict, e.running) for e in entries] == [
        ("a", "ok", False),
        ("b", "ok", False),
        ("c", "failed", False),
        ("d", None, True),
    ]
    assert entries[1].values == (0.2, 8.0)
    assert entries[3].chosen == ("model.num_layers=4", "model.channels=7")
    assert [best["candidate"] for best in going_on.frontier()] == ["a", "b"]
    going_on.close(3, "ok", (0.05, 7.0))
    trial = going_on.ask()
    assert trial.number == 4
    assert trial.suggest_categorical("model.activation", ["Tanh", "ReLU"]) in ("Tanh", "ReLU")
    assert 1 <= trial.suggest_int("model.channels", 1, 32, log=True) <= 32
    assert [best["candidate"] for best in going_on.frontier()] == ["d", "b"]


def test_what_was_is_kept_beside_it_and_a_line_says_so(old, caplog):
    before = old.read_bytes()
    with caplog.at_level(logging.INFO, "voxnas"):
        open_storage(f"sqlite:///{old}")
    kept = old.with_name(KEPT)
    assert kept.read_bytes()[100:] == before[100:]  # but for a counter in the header
    assert rows(kept, "trials") == rows(old, "trials")
    assert rows(kept, "trial_user_attributes") == rows(old, "trial_user_attributes")
    (line,) = [record.getMessage() for record in caplog.records]
    assert line == f"{old}: brought from Optuna's tables v2.6.0.a to v3.2.0.a; as it was: {kept}"
    assert {path.name for path in old.parent.iterdir()} == {old.name, KEPT}


def test_what_is_of_today_is_left_alone(old, caplog):
    open_storage(f"sqlite:///{old}")
    old.with_name(KEPT).unlink()
    caplog.clear()
    with caplog.at_level(logging.INFO, "voxnas"):
        open_storage(f"sqlite:///{old}")
    assert not caplog.records
    assert not old.with_name(KEPT).exists()


def test_everybody_is_still_heard_afterwards(old, caplog):
    """Optuna's migration sets up logging anew."""
    log = logging.getLogger("voxnas.test")
    open_storage(f"sqlite:///{old}")
    with caplog.at_level(logging.INFO, "voxnas"):
        log.info("still here")
    assert "still here" in caplog.text


def test_what_is_cut_in_the_middle_leaves_the_old_one_whole(old, monkeypatch):
    def cut(*_):
        raise KeyboardInterrupt

    before = rows(old, "trial_params")
    with monkeypatch.context() as patched:
        patched.setattr(storage_upgrade, "_take_over", cut)
        with pytest.raises(KeyboardInterrupt):
            open_storage(f"sqlite:///{old}")
    assert rows(old, "trial_params") == before
    assert rows(old, "alembic_version") == [("v2.6.0.a",)]
    assert len(book(old).entries()) == 4


def _join(path: Path, worker: str, said: "multiprocessing.Queue[str]") -> None:
    class Say(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.put(record.getMessage())

    log = logging.getLogger("voxnas")
    log.setLevel(logging.INFO)
    log.addHandler(Say())
    own = book(path, worker)
    for _ in range(3):
        trial = own.ask()
        own.enter(trial, f"{worker}-{trial.number}", [])
        own.close(trial.number, "ok", (1.0, 1.0))


def test_of_processes_that_come_at_once_one_upgrades_and_none_loses_a_trial(old):
    context = multiprocessing.get_context("spawn")
    said = context.Queue()
    processes = [context.Process(target=_join, args=(old, name, said)) for name in "xyz"]
    for process in processes:
        process.start()
    for process in processes:
        process.join(180)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert "v2.6.0.a" in said.get(timeout=10)
    assert said.empty()
    entries = book(old).entries()
    assert [e.candidate for e in entries[:4]] == ["a", "b", "c", "d"]
    assert sorted(e.worker or "" for e in entries[4:]) == [*"xxxyyyzzz"]
    assert len(rows(old.with_name(KEPT), "trials")) == 4


def test_a_database_of_a_later_optuna_is_refused_in_one_line(old):
    write(old, "UPDATE alembic_version SET version_num = 'v9.0.0.a'")
    with pytest.raises(InputError, match=r"optuna\.db was written by a later Optuna than"):
        open_storage(f"sqlite:///{old}")
