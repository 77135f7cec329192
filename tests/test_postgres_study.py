"""A study whose trials are in PostgreSQL, with several processes at work on it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from postgres_server import postgres_server
from scripts import start_script

pytestmark = pytest.mark.slow
WORKERS, TRIALS = 4, 10
WORKER = """
import sys, optuna
study = optuna.create_study(
    storage=sys.argv[1], study_name="together", load_if_exists=True, directions=["minimize", "minimize"],
    sampler=optuna.samplers.TPESampler(seed=int(sys.argv[2])),
)
def objective(trial):
    x, y = trial.suggest_float("x", -1, 1), trial.suggest_int("y", 1, 8)
    trial.set_user_attr("worker", sys.argv[2])
    return x * x, abs(x - y)
study.optimize(objective, n_trials=int(sys.argv[3]))
"""


@pytest.fixture(scope="module")
def storage() -> Iterator[str]:
    pytest.importorskip("psycopg2", reason="psycopg2 is not installed: ./setup.sh postgres")
    with postgres_server() as url:
        yield url


def test_four_processes_add_their_trials_to_one_study_and_none_is_lost(storage):
    import optuna

    commands = ([sys.executable, "-c", WORKER, storage, str(seed), str(TRIALS)] for seed in range(WORKERS))
    workers = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for command in commands]
    for worker in workers:
        assert worker.wait(120) == 0, worker.communicate()
    trials = optuna.load_study(study_name="together", storage=storage).trials
    assert [trial.number for trial in trials] == list(range(WORKERS * TRIALS))
    assert {trial.state for trial in trials} == {optuna.trial.TrialState.COMPLETE}
    by_worker = [trial.user_attrs["worker"] for trial in trials]
    assert {worker: by_worker.count(worker) for worker in set(by_worker)} == dict.fromkeys("0123", TRIALS)
    for trial in trials:  # each has its own values, not those of one that was written at the same time
        x, y = trial.params["x"], trial.params["y"]
        assert trial.values == pytest.approx([x * x, abs(x - y)])


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
