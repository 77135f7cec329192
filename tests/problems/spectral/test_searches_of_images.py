"""Every search of the house finds networks of images, and tells those worth having."""

import csv
import json
from pathlib import Path

import pytest
from vimh_sets import make_set

pytestmark = pytest.mark.slow

COLUMNS = {"val_mae", "parameters", "us_per_image", "cpu_rtf"}


@pytest.fixture
def study(run_here, tmp_path):
    """`train.py -m search=…` on a small set that can be learnt, in the study `s`."""
    folder = make_set(tmp_path, number=60, size=(16, 16, 1), learnable=True)
    given = [f"data.folder={folder}", "callbacks.knobs.images=2", "logger=csv", "study=s"]

    def run(script: str, *overrides: str) -> str:
        own = ["-m", "data=vimh", *given] if script == "train" else ["study=s"]
        done = run_here(script, *own, "problem=spectral", *overrides)
        assert done.code == 0, done.err
        return done.out + done.err

    return run


def records(logs: Path) -> dict[Path, dict]:
    return {path: json.loads(path.read_text()) for path in logs.rglob("record.json")}


def frontier(logs: Path) -> list[dict[str, str]]:
    with (logs / "nas/s/report/pareto_frontier.csv").open() as file:
        return list(csv.DictReader(file))


SEARCHES = {
    "ladder": ["space=images_families", "search.candidates=4", "search.rungs=[1,2]", "search.keep=2"],
    "optuna": ["space=images_families", "search.n_trials=4", "trainer.max_epochs=2"],
    "budget": [
        *("space=images", "search.candidates=3", "search.rungs=[1,2]", "search.keep=1"),
        *("limits.max_us_per_image=2000", "search.finalists=2", "search.final_seeds=[11,12]"),
    ],
}


@pytest.mark.parametrize("search", SEARCHES)
def test_a_search_ends_with_a_frontier_and_rests_when_it_is_asked_again(study, tmp_path, search):
    study("train", f"search={search}", *SEARCHES[search])
    found = records(tmp_path / "logs")
    assert len(found) >= 3
    assert {record["status"] for record in found.values()} == {"ok"}
    study("report", "rebenchmark=false")
    best = frontier(tmp_path / "logs")
    assert best
    assert best[0].keys() >= COLUMNS
    if search == "budget":
        answer = (tmp_path / "logs/nas/s/answer.md").read_text()
        assert answer.startswith("Best within a CPU budget of 2e+03: cnn-")
        assert "µs per image" in answer
    before = {path: path.read_bytes() for path in found}
    study("train", f"search={search}", *SEARCHES[search])
    assert {path: path.read_bytes() for path in records(tmp_path / "logs")} == before


def test_two_phases_train_the_best_half_to_the_end(study, tmp_path):
    study("train", "search=phase1", "space=images_smoke", "trainer.max_epochs=1")
    study("promote")
    study("train", "search=phase2", "trainer.max_epochs=2")
    rungs = [path.parts[-3] for path in records(tmp_path / "logs")]
    assert (rungs.count("phase1"), rungs.count("phase2")) == (2, 1)
    study("report")
    assert frontier(tmp_path / "logs")
