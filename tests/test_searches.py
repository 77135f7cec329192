"""Searches as a user runs them: Optuna, the ladder and the budget, whole, again, cut and gone wrong."""

import json
import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from voxnas.problems.amp.module import AmpModule
from voxnas.records.pareto import non_dominated
from voxnas.search.sources.descent import MOST_CHANGES

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
QUICK = [
    "callbacks.benchmark.blocks=10",
    "callbacks.preview=null",
    "logger=csv",
]
SHORT_NAME = ("name=${model.name}",)
SPACE = ["model.num_layers=2,3", "model.channels=2,3"]


@pytest.fixture
def search(run_here, tiny_pair):
    """`train.py -m search=…` over four tiny networks of the study `tiny`."""

    def run(kind: str, *overrides: str, space=SPACE, name=SHORT_NAME):
        given = [*space, *tiny_pair, *QUICK, *name, *overrides]
        return run_here("train", "-m", f"search={kind}", "study=tiny", *given)

    return run


def optuna(search, trials: int, *overrides: str, epochs: int = 1, **given):
    return search("optuna", f"search.n_trials={trials}", f"trainer.max_epochs={epochs}", *overrides, **given)


def ladder(search, *overrides: str, **given):
    return search("ladder", "search.rungs=[1,2]", "search.keep=2", "search.candidates=3", *overrides, **given)


def contents(log_dir: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in (log_dir / "nas").rglob("record.json")}


def records(folder: Path) -> dict[str, dict]:
    return {path.parent.name: json.loads(path.read_text()) for path in folder.glob("*/record.json")}


def states(log_dir: Path) -> list[str]:
    with sqlite3.connect(log_dir / "nas/tiny/optuna/optuna.db") as database:
        return [state for (state,) in database.execute("select state from trials order by number")]


def stop_at_step(monkeypatch, number: int) -> None:
    """As if the user pressed Ctrl-C in the training step of that number."""
    steps = []
    train = AmpModule.training_step

    def stops(self, batch, batch_idx):
        steps.append(batch_idx)
        if len(steps) == number:
            raise KeyboardInterrupt
        return train(self, batch, batch_idx)

    monkeypatch.setattr(AmpModule, "training_step", stops)


def test_optuna_tops_up_to_the_total_and_never_trains_twice(search, log_dir):
    done = optuna(search, 2)
    assert (done.code, done.out.count("[2/2]") > 0) == (0, True), done.err
    before = contents(log_dir)
    assert len(before) == 2

    again = optuna(search, 2)
    assert (again.code, again.out, contents(log_dir)) == (0, "", before)

    more = optuna(search, 9)
    assert more.code == 0
    assert "4 of 9 candidates to train, 0 rejected: all 4 candidates of the space are known" in more.err
    after = contents(log_dir)
    assert len(after) == 4
    assert {path: after[path] for path in before} == before
    solutions = (log_dir / "nas/tiny/optuna/optimization_results.yaml").read_text()
    assert "wavenet-l2" in solutions or "wavenet-l3" in solutions


def test_what_is_rejected_counts_for_nothing(search, log_dir):
    done = optuna(
        search, 2, "constraints.max_params=110", space=["model.num_layers=2,3", "model.channels=2,3"]
    )
    assert done.code == 0, done.err
    found = records(log_dir / "nas/tiny/optuna")
    assert len(found) == 2
    assert all(record["shape"]["parameters"] <= 110 for record in found.values())


def test_an_objective_without_a_figure_fails_the_trial_and_not_the_sweep(search, log_dir, monkeypatch):
    unmeasured = ["objectives=[best_val_loss,asr]", "callbacks.aliasing=null", "seed=0"]
    done = optuna(search, 2, *unmeasured)
    assert done.code == 0, done.err
    assert done.err.count("an objective has no finite value") == 2
    assert states(log_dir) == ["FAIL", "FAIL"]
    assert {r["status"] for r in records(log_dir / "nas/tiny/optuna").values()} == {"ok"}
    assert optuna(search, 2, *unmeasured).out == ""


@pytest.mark.slow
def test_a_candidate_that_diverges_fails_alone_and_is_not_proposed_again(search, log_dir):
    space = ["training.optimizer.lr=1e30,0.01", "model.num_layers=2", "model.channels=2"]
    named = "name=amp-${training.optimizer.lr}"
    done = optuna(search, 5, named, space=space)
    assert done.code == 1
    assert sorted(states(log_dir)[:2]) == ["COMPLETE", "FAIL"]
    found = records(log_dir / "nas/tiny/optuna")
    assert {name: record["status"] for name, record in found.items()} == {
        "amp-1e+30": "failed",
        "amp-0.01": "ok",
    }
    before = contents(log_dir)
    assert optuna(search, 5, named, space=space).code == 0
    assert contents(log_dir) == before


def test_a_study_with_nothing_left_to_do_says_so(search):
    assert "nothing to do" not in optuna(search, 2).err
    done = optuna(search, 2)
    assert (done.code, done.out) == (0, "")
    assert done.err == "nothing to do: 2 of 2 trained\n"


def test_a_trial_that_was_cut_goes_on(search, log_dir, monkeypatch):
    with monkeypatch.context() as patched:
        stop_at_step(patched, 6)  # in the second epoch of four steps
        assert optuna(search, 2, epochs=2).code == 130
    ((name, cut),) = records(log_dir / "nas/tiny/optuna").items()
    assert (cut["status"], len(cut["history"])) == ("interrupted", 1)
    done = optuna(search, 2, epochs=2)
    assert done.code == 0, done.err
    assert f"{name}  ESR" in done.out
    assert "(resumed)" in done.out
    assert len(records(log_dir / "nas/tiny/optuna")) == 2
    assert "RUNNING" not in states(log_dir)


@pytest.mark.slow
def test_other_settings_begin_a_search_of_their_own_and_the_old_runs_are_kept(search, log_dir):
    optuna(search, 1)
    done = optuna(search, 1, epochs=2)
    assert done.code == 0, done.err
    ((name, record),) = records(log_dir / "nas/tiny/optuna").items()
    assert len(record["history"]) == 2
    assert len(list((log_dir / "replaced").rglob(f"{name}*/record.json"))) == 1


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["nsgaii", "tpe_multivariate", "gp"])
def test_other_samplers_do_as_well(search, log_dir, sampler):
    learning = [] if sampler == "nsgaii" else ["hydra.sweeper.sampler.n_startup_trials=1"]
    given = [f"hydra/sweeper/sampler={sampler}", "objectives=[-parameters,best_val_loss]", *learning]
    done = optuna(search, 3, *given)
    assert done.code == 0, done.err
    assert states(log_dir).count("COMPLETE") >= 3
    assert done.err == ""


def test_optuna_is_driven_as_the_plugin_is_and_goes_on(run_here, log_dir, tiny_pair):
    swept = "hydra.sweeper.params={model.channels: 'choice(2,3)'}"
    given = ["-m", "hydra/sweeper=optuna", swept, "study=tiny", "model.num_layers=2", "trainer.max_epochs=1"]
    given += [*tiny_pair, *QUICK, *SHORT_NAME, "objectives=[best_val_loss,parameters]"]
    given += ["hydra.sweeper.direction=[minimize,maximize]"]
    done = run_here("train", *given, "hydra.sweeper.n_trials=1")
    assert done.code == 0, done.err
    before = contents(log_dir)
    assert [record["rung"] for record in records(log_dir / "nas/tiny/optuna").values()] == ["optuna"]
    more = run_here("train", *given, "hydra.sweeper.n_trials=2")
    assert more.code == 0, more.err
    assert (len(contents(log_dir)), contents(log_dir).items() > before.items()) == (2, True)
    solutions = (log_dir / "nas/tiny/optuna/optimization_results.yaml").read_text()
    assert "objectives:\n- best_val_loss\n- parameters\n" in solutions
    with sqlite3.connect(log_dir / "nas/tiny/optuna/optuna.db") as database:
        directions = database.execute("select direction from study_directions order by objective").fetchall()
        (named,) = database.execute("select value_json from study_system_attributes").fetchone()
    assert directions == [("MINIMIZE",), ("MAXIMIZE",)]
    assert json.loads(named) == ["best_val_loss", "parameters"]


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["objectives=[loudness]"], "no figure `loudness`"),
        (["search.n_trials=0"], "n_trials=0: give a whole number"),
        (
            ["hydra/sweeper/sampler=grid"],
            "hydra/sweeper/sampler: not grid, but one of cmaes, gp, motpe, nsgaii",
        ),
        (["hydra/sweeper/sampler=cmaes"], "CMA-ES goes by one objective"),
        (["hydra.sweeper.direction=minimize"], "direction=[minimize]: 1 directions for 2 objectives"),
        (["hydra.sweeper.search_space={seed: '1,2'}", "space=poc"], "search_space is the old name"),
        (["hydra.sweeper.storage=nonsense"], "storage nonsense cannot be used"),
        (["model.num_layers=2", "model.channels=2"], "nothing to choose from: name a space"),
    ],
)
def test_what_optuna_cannot_do_is_one_line(search, overrides, words):
    done = search("optuna", *overrides)
    assert done.code == 2
    assert words in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_a_ladder_climbs_from_the_weights_it_has_and_then_rests(search, log_dir):
    done = ladder(search)
    assert done.code == 0, done.err
    first, second = records(log_dir / "nas/tiny/rung1"), records(log_dir / "nas/tiny/rung2")
    assert (len(first), len(second)) == (3, 2)
    assert "2 of 3 candidates climb to rung2: 2 epochs" in done.err
    for name, record in second.items():
        assert (first[name]["epochs"], record["epochs"]) == (1, 2)
        assert record["architecture"] == first[name]["architecture"]
        assert record["score"] < first[name]["score"]
    before = contents(log_dir)
    again = ladder(search)
    assert again.out.count("(done before)") == 5
    assert contents(log_dir) == before


@pytest.mark.slow
def test_an_evolution_descends_from_the_best_and_then_rests(search, log_dir):
    space = ["model.num_layers=range(2,6)", "model.channels=range(1,5)", "model.kernel_size=range(2,6)"]
    given = ["search.source=evolution", "search.generations=2", "search.parents=1", "search.candidates=4"]
    given += ["objectives=[best_val_loss]"]
    done = ladder(search, *given, "search.keep=1", space=space)
    assert done.code == 0, done.err
    assert "generation 2: 2 candidates of " in done.err
    trained = records(log_dir / "nas/tiny/rung1")
    founders, children = (
        {entry["name"]: entry["choices"] for entry in json.loads(path.read_text())}
        for path in sorted((log_dir / "nas/tiny").glob("candidates-*.json"))
    )
    assert set(trained) == set(founders) | set(children)
    best = min(founders, key=lambda name: trained[name]["score"])
    for choices in children.values():
        assert 0 < len(choices.items() - founders[best].items()) <= MOST_CHANGES
    before = contents(log_dir)
    again = ladder(search, *given, "search.keep=1", space=space)
    assert again.out.count("(done before)") == 5
    assert contents(log_dir) == before


def test_children_begin_with_their_parent_s_weights_where_that_is_asked_for(search, log_dir):
    space = ["model.num_layers=range(2,6)", "model.channels=range(2,5)", "model.kernel_size=range(2,6)"]
    given = ["search.source=evolution", "search.generations=2", "search.parents=1", "search.candidates=2"]
    given += ["objectives=[best_val_loss]", "search.keep=1", "search.rungs=[1,1]", "search.inherit=true"]
    done = search("ladder", *given, space=space)
    assert done.code == 0, done.err
    rung1, rung2 = (log_dir / f"nas/tiny/rung{number}" for number in (1, 2))
    trained = records(rung1)
    ((child, record),) = [(name, r) for name, r in trained.items() if r["inherits"]]
    (parent,) = set(trained) - {child}
    assert record["inherits"]["run"] == parent
    assert 0 < record["inherits"]["share"] <= 1
    assert f"of its weights of {parent}" in done.err
    assert not any(r["inherits"] for r in records(rung2).values())  # they go on from their own
    before = contents(log_dir)
    assert search("ladder", *given, space=space).out.count("(done before)") == 3
    assert contents(log_dir) == before
    # a parent that left no weights is said, and is no reason to stop
    (rung1 / parent / "checkpoints/best.ckpt").unlink()
    (rung1 / child / "record.json").unlink()
    again = search("ladder", *given, space=space)
    assert f"{child} starts afresh: " in again.err
    assert records(rung1)[child]["status"] == "ok"
    assert records(rung1)[child]["inherits"] == {}


@pytest.mark.slow
def test_a_ladder_that_was_cut_goes_on_with_the_same_candidates(search, log_dir, monkeypatch):
    with monkeypatch.context() as patched:
        stop_at_step(patched, 3 * 4 + 6)  # in the second epoch of the second rung
        assert ladder(search).code == 130
    first = contents(log_dir)
    done = ladder(search)
    assert done.code == 0, done.err
    assert done.out.count("(resumed)") == 1
    after = contents(log_dir)
    kept = {path: content for path, content in first.items() if "rung1" in path.parts}
    assert {path: after[path] for path in kept} == kept
    assert len(after) == 5


@pytest.mark.slow
def test_a_ladder_takes_a_whole_grid_or_what_optuna_proposes(search, log_dir):
    done = ladder(search, "search.source=grid", "search.keep=1")
    assert done.code == 0, done.err
    assert len(records(log_dir / "nas/tiny/rung1")) == 4
    before = contents(log_dir)
    done = ladder(search, "search.source=optuna", "search.keep=1")
    assert done.code == 0, done.err
    assert "1 of 3 candidates climb" in done.err
    again = ladder(search, "search.source=optuna", "search.keep=1")
    assert again.code == 0, again.err
    assert "1 of 3 candidates climb" in again.err
    assert again.out.count("ESR") == again.out.count("(done before)") == 1
    assert {path: content for path, content in contents(log_dir).items() if path in before} == before


@pytest.mark.slow
def test_seeds_and_settings_climb_all_the_way(search, log_dir):
    space = ["seed=0,1", "training.optimizer.lr=0.01,0.02", "model.num_layers=2", "model.channels=2"]
    steps = ["search.rungs=[1,1,1]", "search.keep=[2,1]", "search.candidates=4"]
    done = search("ladder", *steps, space=space, name=())
    assert done.code == 0, done.err
    first, *others = (records(log_dir / f"nas/tiny/rung{number}") for number in (1, 2, 3))
    assert [len(rung) for rung in (first, *others)] == [4, 2, 1]
    for name, record in (item for rung in others for item in rung.items()):
        assert record["seed"] == first[name]["seed"]
        assert record["settings"] == first[name]["settings"]
        assert set(record["settings"]) > {"seed", "training.optimizer.lr"}


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["search.rungs=[]"], "give the epochs of each rung"),
        (["search.keep=0"], "give a share"),
        (["search.source=guess"], "search.source=guess: one of random, grid, optuna, evolution"),
        (["search.source=evolution", "search.generations=0"], "search.generations=0: give a whole number"),
        (["search.source=evolution", "search.parents=0"], "search.parents=0: give a whole number"),
        (["trainer.max_epochs=9"], "a ladder's epochs are those of its rungs"),
        (["constraints.max_params=1"], "the constraints reject all of 4 proposals, such as"),
        (["model.channels=2", "model.num_layers=interval(2,3)", "search.source=grid"], "is continuous"),
    ],
)
def test_what_is_no_ladder_is_one_line(search, overrides, words):
    done = search("ladder", *overrides)
    assert done.code == 2
    assert words in done.err
    assert len(done.err.strip().splitlines()) == 1


@pytest.mark.slow
def test_minutes_make_a_plan_that_stands(search, run_here, log_dir):
    given = ["space=poc", "constraints.min_params=null", "search.minutes=0.5", "search.rungs=[1,2]"]
    assert search("ladder", *given).code == 0
    study = log_dir / "nas/tiny"
    [file] = study.glob("plan-*.json")
    plan = json.loads(file.read_text())["plan"]
    candidates = records(study / "rung1")
    assert len(candidates) == min(plan["candidates"], 4)
    assert {len(record["history"]) for record in candidates.values()} == {plan["rungs"][0]["epochs"]}
    assert run_here("report", "study=tiny", "rebenchmark=false").code == 0
    assert (study / "plan.md").read_text().strip() in (study / "report/summary.md").read_text()
    again = search("ladder", *given)
    assert "(done before)" in again.out + again.err
    assert json.loads(file.read_text())["plan"] == plan


def budget(search, *overrides: str, **given):
    small = ["search.rungs=[1,1]", "search.keep=1", "search.candidates=2", "search.guests=[]"]
    return search("budget", *small, "space=poc", "constraints.min_params=null", *overrides, **given)


def test_a_budget_has_an_answer_in_one_line_that_heads_the_report(search, run_here, log_dir):
    done = budget(search, "max_cpu_rtf=0.5", "search.engine=own")
    assert done.code == 0, done.err
    line = (log_dir / "nas/tiny/answer.md").read_text().strip()
    assert line == done.err.strip().splitlines()[-1]
    assert line.startswith("Best within a CPU budget of 0.5: wavenet-l")
    model = Path(line.rsplit(": ", 1)[1])
    assert model.suffix == ".nam"
    assert model.is_file()
    best = records(log_dir / "nas/tiny/rung2")[model.parent.name]
    assert f"validation ESR {best['score']:.3g}" in line
    assert best["cost"]["cpu_rtf"]["block_size"] == 64
    assert run_here("report", "study=tiny", "rebenchmark=false").code == 0
    assert line in (log_dir / "nas/tiny/report/summary.md").read_text()


@pytest.mark.slow
def test_a_budget_may_be_what_a_preset_costs_in_the_plug_in(search, log_dir):
    done = budget(search, "search.like=standard")
    assert done.code == 0, done.err
    assert "the budget is what standard costs: 0.0155 of real time" in done.err  # at 8 kHz
    line = (log_dir / "nas/tiny/answer.md").read_text()
    assert line.startswith("Best within a CPU budget in the plug-in's engine (default build) of 0.0155: ")
    for record in records(log_dir / "nas/tiny/rung1").values():
        assert record["cost"]["plugin_rtf"]["engine"].startswith("profile-default")
        assert record["estimate"]["cpu_rtf"] == record["cost"]["plugin_rtf"]["value"] < 0.0155
        assert record["cost"]["cpu_rtf"]["engine"] in ("native", "torch")
    assert " measured here (" in line


@pytest.mark.slow
def test_presets_that_fit_are_candidates_to_the_end_and_the_best_play_finals(search, log_dir):
    given = ["search.like=nano", "search.guests=[nano,standard]", "search.finalists=2"]
    given += ["constraints.max_latency_ms=null"]  # at 8 kHz
    done = budget(search, *given, name=())
    assert done.code == 0, done.err
    assert " of real time in the plug-in's engine (default build) at block 64 > max_cpu_rtf " in done.err
    study = log_dir / "nas/tiny"
    for rung in ("rung1", "rung2"):
        assert "nano" in {record["architecture"]["name"] for record in records(study / rung).values()}
    finals = records(study / "final")
    seeds = {(record["architecture"]["name"], record["seed"]) for record in finals.values()}
    assert {seed for _, seed in seeds} >= {11, 12}
    assert all(record["epochs_at_start"] == 0 for record in finals.values())
    assert " (mean of " in (study / "answer.md").read_text()
    assert "% confidence): " in (study / "answer.md").read_text()
    again = budget(search, *given, name=())
    assert again.out.count("(done before)") == 2 + 1 + 2 + len(finals)


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ([], "give the budget as max_cpu_rtf=0.05"),
        (
            ["search.like=nano", "max_cpu_rtf=0.1"],
            "search.like=nano and max_cpu_rtf=0.1: give the budget in one",
        ),
        (["search.like=nana"], "search.like=nana: no config of a model"),
        (["max_cpu_rtf=0.1", "max_us_per_block=3"], "give the budget as"),
        (["max_cpu_rtf=cheap"], "max_cpu_rtf=cheap: give a number above 0"),
        (["max_us_per_block=-3"], "max_us_per_block=-3: give a number above 0"),
        (["max_cpu_rtf=1e-9"], "the constraints reject all of 4 proposals, such as 0.0"),
        (["max_cpu_rtf=0.1", "search.share=2"], "search.share=2: give a number from 0"),
    ],
)
def test_a_budget_that_cannot_be_is_one_line(search, overrides, words):
    done = budget(search, *overrides)
    assert done.code == 2
    assert words in done.err
    assert len(done.err.strip().splitlines()) == 1


THREE = ("score", "cpu_rtf", "asr")


@pytest.mark.parametrize("kind", ["optuna", "ladder"])
def test_aliasing_is_a_third_objective_of_searches_and_of_their_report(search, run_here, log_dir, kind):
    """All that is not dominated in the three climbs or is proposed again, and makes the frontier."""
    wanted = f"objectives=[{','.join(THREE)}]"
    done = optuna(search, 4, wanted) if kind == "optuna" else ladder(search, "search.candidates=4", wanted)
    assert done.code == 0, done.err
    report = run_here("report", "study=tiny", wanted, "rebenchmark=false")
    assert report.code == 0, report.err
    tables = {path.name: pd.read_csv(path) for path in (log_dir / "nas/tiny/report").glob("*.csv")}
    every, frontier = tables["all_results.csv"], tables["pareto_frontier.csv"]
    columns = ["best_val_loss", "cpu_rtf", "asr"]
    values = every[every["status"] == "ok"].drop_duplicates("candidate", keep="last")[columns].to_numpy()
    assert sorted(frontier["asr"]) == sorted(values[non_dominated(values, [1, 1, 1])][:, 2])
    assert "aliasing" in (log_dir / "nas/tiny/report/summary.md").read_text()
