"""A differentiable search as a user runs it: to candidates, again, changed, cut, with bad settings."""

import json
from pathlib import Path

import pytest

from voxnas.search.sweepers.darts import LONGEST_NAME, search_name

QUICK = [
    "callbacks.benchmark.blocks=10",
    "callbacks.benchmark.block_sizes=[512]",
    "callbacks.preview=null",
    "logger=csv",
    "trainer.max_epochs=1",
]
SMALL = ["nas_model_size=s", "nas_epochs=2"]
SMALL += ["darts.network.activations=[Tanh]", "darts.network.kernel_sizes=[2]"]


@pytest.fixture
def search(run_here, tiny_pair):
    def run(*overrides: str):
        return run_here("train", "-m", "search=darts", "study=tiny", *tiny_pair, *QUICK, *SMALL, *overrides)

    return run


def read(folder: Path, name: str) -> list[dict]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob(f"*/{name}"))]


def files(log_dir: Path) -> dict[str, bytes]:
    names = ("record.json", "search.json", "genotype.json")
    return {str(p.relative_to(log_dir)): p.read_bytes() for name in names for p in log_dir.rglob(name)}


def test_a_search_ends_in_a_trained_candidate_and_again_does_nothing(search, log_dir):
    done = search("nas_seeds=[0,1]")
    assert done.code == 0, done.err
    study = log_dir / "nas/tiny"
    searches, runs = read(study / "darts", "search.json"), read(study / "retrain", "record.json")
    assert [s["seed"] for s in searches] == [0, 1]
    assert {s["status"] for s in [*searches, *runs]} == {"ok"}
    for found in searches:
        assert len(found["history"]) == found["epochs"] == 2
        figures = {"score", "weights_loss", "expected_cost", "relative_cost", "entropy", "seconds"}
        assert figures <= set(found["history"][0])
    by_seed = {s["seed"]: s for s in searches}
    for run in runs:
        assert run["search"]["by"] == "darts"
        assert run["search"]["history"] == by_seed[run["seed"]]["history"]
        assert run["search"]["settings"]["nas_model_size"] == "s"
        assert run["score"] > 0
        assert run["cost"]["cpu_rtf"]["value"] > 0
        assert "nam" in run["exports"]
    best = min(runs, key=lambda run: run["score"])
    assert json.loads((study / "genotype.json").read_text()) == by_seed[best["seed"]]["search"]["genotype"]
    assert (study / "genotype.png").stat().st_size > 1000

    before = files(log_dir)
    again = search("nas_seeds=[0,1]")
    assert again.out.count("(done before)") == len(searches) + len(runs)
    assert files(log_dir) == before


@pytest.mark.slow
def test_what_changed_is_searched_again_and_the_old_is_kept(search, log_dir):
    search()
    (before,) = read(log_dir / "nas/tiny/darts", "search.json")
    done = search("training.schedule.final=0.1")
    assert done.code == 0, done.err
    (after,) = read(log_dir / "nas/tiny/darts", "search.json")
    assert after["identity"] != before["identity"]
    (kept,) = (log_dir / "replaced").rglob("search.json")
    assert json.loads(kept.read_text()) == before


def test_a_search_that_the_user_stops_goes_on(search, log_dir, monkeypatch):
    from voxnas.search.darts.module import DartsModule

    step, steps = DartsModule.training_step, []

    def stops(self, batch, batch_idx):
        steps.append(self.current_epoch)
        if len(steps) > 1 and self.current_epoch == 1:
            raise KeyboardInterrupt
        return step(self, batch, batch_idx)

    monkeypatch.setattr(DartsModule, "training_step", stops)
    assert search().code == 130
    (cut,) = read(log_dir / "nas/tiny/darts", "search.json")
    assert (cut["status"], len(cut["history"])) == ("interrupted", 1)
    monkeypatch.setattr(DartsModule, "training_step", step)
    done = search()
    assert done.code == 0, done.err
    assert "(resumed)" in done.out
    (whole,) = read(log_dir / "nas/tiny/darts", "search.json")
    assert [epoch["epoch"] for epoch in whole["history"]] == [0, 1]
    assert whole["history"][0] == cut["history"][0]


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("nas_layers=2", "nas_layers=2: layers are 3 or more"),
        ("nas_fanout_concat=9", "nas_fanout_concat=9 is larger than the 4 nodes"),
        ("nas_optimization_mode=Speed", "unknown nas_optimization_mode 'Speed'"),
        ("nas_model_size=huge", "unknown nas_model_size 'huge'"),
        ("darts.network.activations=[Wrong]", "unknown activation 'Wrong'"),
        ("nas_seeds=[]", "nas_seeds=[]: give one or more"),
        ("nas_penalty=-1", "nas_penalty=-1: give 0 or more"),
    ],
)
def test_bad_settings_are_one_line_before_any_training(search, log_dir, setting, says):
    done = search(setting)
    assert (done.code, done.err.count("\n")) == (2, 1), done.err
    assert says in done.err
    assert not list((log_dir / "nas").rglob("search.json"))


def test_a_space_of_another_kind_of_search_is_refused_in_one_line(run_here, tiny_pair):
    done = run_here("train", "-m", "search=darts", "space=poc", "study=tiny", *tiny_pair)
    assert (done.code, done.err.count("\n")) == (2, 1), done.err
    assert "space=darts_wavenet or darts_cnn" in done.err


def test_a_search_s_name_says_what_is_special_and_stays_short():
    first = {"space": "darts_wavenet", "nas_model_size": "m", "nas_optimization_mode": "Compute"}
    given = ["search=darts", "nas_model_size=l", "nas_penalty=0.3", "nas_seeds=[0,1]", "data.input='a b.wav'"]
    assert search_name(given, 1, first) == "darts_wavenet-l-Compute_penalty-0.3_seed-1"
    long = [f"darts.network.activations=[{','.join(['Tanh'] * 40)}]"]
    names = {search_name(long, seed, first) for seed in range(10)}
    assert len(names) == 10
    assert max(map(len, names)) <= LONGEST_NAME < 200
