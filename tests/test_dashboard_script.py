"""Optuna's dashboard as a user opens it, and as a browser asks it."""

import json
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

import optuna
import pytest
from scripts import run_script, start_script

from voxnas.records.pareto import Objective
from voxnas.search.sources.trials import TrialBook

SPACE = ["model.num_layers=2", "model.channels=choice(2,3)", "trainer.max_epochs=1"]
QUICK = ["callbacks.benchmark.blocks=10", "callbacks.preview=null", "logger=csv"]


@pytest.fixture
def dashboard() -> None:
    pytest.importorskip("optuna_dashboard", reason="optuna-dashboard is not installed: ./setup.sh dashboard")


def free_port() -> int:
    with socket.socket() as any_one:
        any_one.bind(("127.0.0.1", 0))
        return any_one.getsockname()[1]


def asked(port: int, path: str, seconds: float = 60) -> dict:
    """What the server says, once it is there."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
                return json.load(answer)
        except urllib.error.URLError:
            assert time.monotonic() < deadline, f"no answer on {port}"
            time.sleep(0.3)


def write_trials(logs: Path) -> None:
    objectives = [Objective("best_val_loss"), Objective("channels", maximise=True)]
    url = f"sqlite:///{logs}/nas/mine/optuna/optuna.db"
    sampler = lambda seed: optuna.samplers.RandomSampler(seed=seed)  # noqa: E731
    book = TrialBook(url, ["mine-1"], objectives, sampler, 0, "me")
    for number in range(3):
        trial = book.ask()
        trial.suggest_int("model.channels", 1, 8)
        book.enter(trial, f"amp-{number}", [])
        book.close(number, "ok", [0.1 * (number + 1), 2.0 + number])


def test_it_shows_a_study_s_trials_with_names_on_the_axes(dashboard, tmp_path):
    write_trials(tmp_path)
    port = free_port()
    server = start_script("dashboard", "study=mine", f"port={port}", log_dir=tmp_path)
    try:
        (study,) = asked(port, "/api/studies")["study_summaries"]
        assert (study["study_name"], study["directions"]) == ("mine-1", ["minimize", "maximize"])
        shown = asked(port, f"/api/studies/{study['study_id']}")
    finally:
        server.terminate()
        server.communicate(timeout=30)
    assert shown["objective_names"] == ["best_val_loss", "channels"]
    assert [trial["state"] for trial in shown["trials"]] == ["Complete"] * 3
    assert [trial["params"][0]["name"] for trial in shown["trials"]] == ["model.channels"] * 3  # its axis
    assert [trial["number"] for trial in shown["best_trials"]] == [0, 1, 2]  # the Pareto front


@pytest.mark.slow
def test_it_shows_what_a_search_has_found(dashboard, tmp_path, tiny_pair):
    search = ["-m", "search=optuna", "study=tiny", "search.n_trials=2"]
    done = run_script("train", *search, *SPACE, *QUICK, *tiny_pair, log_dir=tmp_path)
    assert done.code == 0, done.err
    port = free_port()
    server = start_script("dashboard", "study=tiny", f"port={port}", log_dir=tmp_path)
    try:
        (study,) = asked(port, "/api/studies")["study_summaries"]
        shown = asked(port, f"/api/studies/{study['study_id']}")
    finally:
        server.terminate()
        server.communicate(timeout=30)
    assert shown["objective_names"] == ["best_val_loss", "cpu_rtf"]
    assert sorted(trial["params"][0]["param_external_value"] for trial in shown["trials"]) == ["2", "3"]


def test_a_port_that_is_taken_is_one_line(dashboard, run_here, log_dir):
    write_trials(log_dir)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run_here("dashboard", "study=mine", f"port={port}")
    assert done.code == 2
    assert f"error: port={port}: " in done.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("given", "words"),
    [([], "name a study: study=NAME"), (["study=none"], "none: no optuna.db; search=optuna makes one")],
)
def test_no_study_to_show_is_one_line(run_here, given, words):
    done = run_here("dashboard", *given)
    assert done.code == 2
    assert words in done.err
    assert done.err.count("\n") == 1
