"""A study whose trials are in PostgreSQL, with several processes at work on it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from postgres_server import PostgresServer, postgres_server
from scripts import start_script

pytestmark = pytest.mark.slow
WORKERS, TRIALS = 4, 10
WORKER = """
import sys
from optuna.samplers import TPESampler
from voxnas.problems.amp.problem import AmpProblem
from voxnas.search.objectives import parse_objectives
from voxnas.search.sources.trials import TrialBook
storage, worker, trials = sys.argv[1:]
objectives = parse_objectives(["best_val_loss", "cpu_rtf"], AmpProblem())
book = TrialBook(storage, ["together"], objectives, lambda seed: TPESampler(seed=seed), 0, worker)
for _ in range(int(trials)):
    trial = book.ask()
    x, y = trial.suggest_float("x", -1, 1), trial.suggest_int("y", 1, 8)
    book.enter(trial, f"{x} {y}", [])
    book.close(trial.number, "ok", [x * x, abs(x - y)])
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    pytest.importorskip("psycopg2", reason="psycopg2 is not installed: ./setup.sh postgres")
    with postgres_server() as started:
        yield started


@pytest.fixture
def storage(server: PostgresServer) -> str:
    """Empty: who comes first makes the tables, and several come at the same time."""
    return server.new_database()


def test_four_processes_add_their_trials_to_one_study_and_none_is_lost(storage):
    import optuna

    commands = ([sys.executable, "-c", WORKER, storage, str(i), str(TRIALS)] for i in range(WORKERS))
    workers = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for command in commands]
    ends = [(worker.communicate(timeout=120)[1], worker.returncode) for worker in workers]
    assert [code for _, code in ends] == [0] * WORKERS, ends
    trials = optuna.load_study(study_name="together", storage=storage).trials
    assert [trial.number for trial in trials] == list(range(WORKERS * TRIALS))
    assert {trial.state for trial in trials} == {optuna.trial.TrialState.COMPLETE}
    by_worker = [trial.user_attrs["worker"] for trial in trials]
    assert {worker: by_worker.count(worker) for worker in set(by_worker)} == dict.fromkeys("0123", TRIALS)
    for trial in trials:  # each has its own values, not those of one that was written at the same time
        x, y = trial.params["x"], trial.params["y"]
        assert trial.values == pytest.approx([x * x, abs(x - y)])
        assert trial.user_attrs["candidate"] == f"{x} {y}"


def test_without_the_password_nobody_gets_in(storage):
    import psycopg2

    address = storage.replace("+psycopg2", "")
    psycopg2.connect(address).close()
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(address.replace(_password(storage), "guess"))


def _password(storage: str) -> str:
    return str(urlsplit(storage).password)


def test_two_searches_share_a_total_and_train_no_candidate_twice(storage, tmp_path, tiny_pair):
    address, password = storage.replace(f":{_password(storage)}@", "@"), _password(storage)
    command = ["-m", "search=optuna", "study=tiny", "search.n_trials=4", f"hydra.sweeper.storage='{address}'"]
    space = ["model.num_layers=1", "model.channels=choice(2,3,4,5,6,7)", "trainer.max_epochs=2", "threads=1"]
    given = {"log_dir": tmp_path, "environment": {"PGPASSWORD": password}}  # not on a command line
    searches = [start_script("train", *command, *space, *tiny_pair, **given) for _ in range(2)]
    said = [search.communicate(timeout=200) for search in searches]
    assert [search.returncode for search in searches] == [0, 0], said
    records = [json.loads(path.read_text()) for path in tmp_path.glob("nas/tiny/optuna/*/record.json")]
    assert [record["status"] for record in records] == ["ok"] * 4
    shown = [line for out, _ in said for line in out.splitlines() if " ESR " in line and "RTF" in line]
    assert len(shown) == 4, said
    assert {record["candidate"] for record in records} == {line.split()[1] for line in shown}
    assert all(password not in path.read_text() for path in tmp_path.rglob("*.yaml"))
