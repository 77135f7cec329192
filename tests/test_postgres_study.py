"""A study whose trials are in PostgreSQL, with several processes at work on it."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from postgres_server import postgres_server

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
        psycopg2.connect(address.replace(":" + address.split(":")[2].split("@")[0], ":guess"))
