"""Small sweeps as a user runs them: what fails, what changes, what is the same again."""

import json
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.filterwarnings("error:Callback SweepOverview")
QUICK = [
    "callbacks.benchmark.blocks=10",
    "callbacks.benchmark.block_sizes=[512]",
    "callbacks.preview=null",
    "logger=csv",
]


@pytest.fixture
def sweep(run_here, tiny_pair):
    """`train.py -m` over 2-layer networks of the study `tiny`."""

    def run(*overrides: str, epochs: int = 2):
        space = ["model.num_layers=2", "model.channels=3", f"trainer.max_epochs={epochs}"]
        phase = ["-m", "search=phase1", "study=tiny"]
        return run_here("train", *phase, *space, *tiny_pair, *QUICK, *overrides)

    return run


def records(log_dir: Path) -> dict[str, dict]:
    """By the end of the folder's name, which says what is special about a run."""
    found = sorted((log_dir / "nas/tiny/phase1").glob("*/record.json"))
    return {path.parent.name.split("_")[-1]: json.loads(path.read_text()) for path in found}


def test_a_candidate_that_cannot_be_built_fails_alone(sweep, log_dir):
    done = sweep("model.activation=Nonsense,Tanh", "name=amp_${model.activation}")
    assert done.code == 1
    found = records(log_dir)
    assert {name: record["status"] for name, record in found.items()} == {"Nonsense": "failed", "Tanh": "ok"}
    assert "Nonsense" in found["Nonsense"]["reason"]
    assert f"amp_Nonsense  failed: {found['Nonsense']['reason']}" in done.out
    assert "Traceback" in (log_dir / "nas/tiny/phase1/amp_Nonsense/error.log").read_text()
    assert "Traceback" not in done.err


def test_a_candidate_that_diverges_fails_alone(sweep, log_dir):
    done = sweep("training.optimizer.lr=1e30,0.01", "name=amp_${training.optimizer.lr}")
    assert done.code == 1
    found = records(log_dir)
    assert {name: record["status"] for name, record in found.items()} == {"1e+30": "failed", "0.01": "ok"}
    assert found["1e+30"]["reason"].startswith("FloatingPointError: training diverged")
    assert "[1/2] amp_1e+30  failed" in done.out
    assert "[2/2] amp_0.01  ESR" in done.out


def test_a_failed_candidate_is_tried_again_and_says_so(sweep, log_dir):
    given = ["training.optimizer.lr=1e30", "name=amp_x"]
    assert sweep(*given).code == sweep(*given).code == 1
    assert records(log_dir)["x"]["status"] == "failed"
    assert len(list((log_dir / "replaced/nas/tiny/phase1").iterdir())) == 1


def test_a_rejected_candidate_has_its_reason_and_costs_no_training(sweep, log_dir):
    done = sweep("model.channels=3,8", "constraints.max_params=150", "name=amp_${model.channels}")
    assert done.code == 0, done.err
    found = records(log_dir)
    assert (found["3"]["status"], found["8"]["status"]) == ("ok", "rejected")
    assert found["8"]["reason"].endswith("parameters > max_params 150")
    assert found["8"]["history"] == []
    assert found["8"]["shape"]["latency_ms"] == 7 / 8


def test_the_same_sweep_again_trains_nothing(sweep, log_dir):
    given = ["seed=0,1", "constraints.max_params=1000"]
    assert sweep(*given).code == 0
    before = {path: path.read_bytes() for path in log_dir.rglob("record.json")}
    again = sweep(*given)
    assert again.out.count("(done before)") == 2
    assert {path: path.read_bytes() for path in log_dir.rglob("record.json")} == before


def test_changed_settings_train_anew_and_the_old_run_is_kept(sweep, log_dir):
    sweep("name=amp_x")
    (before,) = log_dir.rglob("record.json")
    old = before.read_bytes()
    done = sweep("name=amp_x", epochs=3)
    assert "(done before)" not in done.out
    assert len(records(log_dir)["x"]["history"]) == 3
    (kept,) = (log_dir / "replaced").rglob("record.json")
    assert kept.read_bytes() == old
    assert f"an earlier run (other settings or data) was moved to {kept.parent}" in done.err
    assert (kept.parent / "checkpoints/best.ckpt").exists()


def test_seeds_have_folders_of_their_own_and_the_same_seed_the_same_result(sweep, log_dir):
    sweep("seed=0,1")
    first = records(log_dir)
    assert set(first) == {"seed-0", "seed-1"}
    assert first["seed-0"]["score"] != first["seed-1"]["score"]
    (log_dir / "nas/tiny/phase1").rename(log_dir / "nas/tiny/before")
    sweep("seed=0,1")
    again = records(log_dir)
    for seed in first:
        for figure in ("score", "metrics", "best_train_loss", "identity"):
            assert again[seed][figure] == first[seed][figure]


def test_a_sweep_can_go_by_the_plug_in_s_cost_or_by_another_program_s(sweep, log_dir, tmp_path):
    given = ["name=amp_${callbacks.benchmark.engine}", "callbacks.benchmark.block_sizes=[64]"]
    (tmp_path / "tool.py").write_text("import sys; print(len(sys.argv), 'ms')")
    line = f"callbacks.benchmark.command.run=['{sys.executable}','{tmp_path}/tool.py','{{model}}']"
    done = sweep(
        "callbacks.benchmark.engine=profile,command", "objectives=[best_val_loss,cpu_rtf]", line, *given
    )
    assert done.code == 0, done.err
    found = records(log_dir)
    by_profile, by_command = (found[engine]["cost"]["cpu_rtf"] for engine in ("profile", "command"))
    assert by_profile["engine"] == "profile-default-2026-09"
    assert 0 < by_profile["value"] < 0.01
    assert by_command["value"] == 2 / 8  # two arguments; a block of 64 lasts 8 ms at 8 kHz
    assert "cpu_flags" in found["command"]["machine"]


def test_a_single_run_has_a_folder_of_its_own_and_everything_in_it(run_here, tiny_pair, log_dir):
    done = run_here("train", *tiny_pair, "model.num_layers=2", "model.channels=3", "trainer.max_epochs=2")
    assert done.code == 0, done.err
    (folder,) = (log_dir / "train/runs").iterdir()
    record = json.loads((folder / "record.json").read_text())
    assert record["status"] == "ok"
    values = {**record, **record["metrics"], **record["shape"], "cpu_rtf": record["cost"]["cpu_rtf"]["value"]}
    figures = ("score", "best_train_loss", "test_esr", "test_mrstft", "cpu_rtf", "train_seconds")
    assert all(values[figure] > 0 for figure in (*figures, "latency_ms", "parameters", "macs_per_sample"))
    assert set(record["exports"]) == {"nam", "json"}
    assert {path.name for path in folder.iterdir()} >= {
        "checkpoints",
        "csv",
        "tensorboard",
        "preview",
        ".hydra",
    }
    assert record["data"]["sections"]["train"] == [0, 16800]
    assert done.err == ""


def test_a_run_that_the_user_stops_says_how_to_go_on(run_here, tiny_pair, log_dir, monkeypatch):
    from voxnas.problems.amp.module import AmpModule

    steps = []

    def stops(self, batch, batch_idx) -> None:
        steps.append(batch_idx)
        if len(steps) == 6:  # in the second epoch of four steps
            raise KeyboardInterrupt
        return train(self, batch, batch_idx)

    train = AmpModule.training_step
    monkeypatch.setattr(AmpModule, "training_step", stops)
    folder = log_dir / "run"
    given = [*tiny_pair, "model.num_layers=2", "model.channels=3", "trainer.max_epochs=3", *QUICK]
    done = run_here("train", *given, f"hydra.run.dir={folder}")
    assert (done.code, done.err) == (130, "interrupted: the same command goes on from here\n")
    record = json.loads((folder / "record.json").read_text())
    assert (record["status"], len(record["history"])) == ("interrupted", 1)

    done = run_here("train", *given, f"hydra.run.dir={folder}")
    assert (done.code, done.err) == (0, "")
    assert "(resumed)" in done.out
    assert [e["epoch"] for e in json.loads((folder / "record.json").read_text())["history"]] == [0, 1, 2]


def test_threads_may_be_left_to_pytorch(run_here, tiny_pair, log_dir):
    given = ["model.num_layers=2", "model.channels=3", "trainer.max_epochs=1", "threads=null"]
    assert run_here("train", *tiny_pair, *given, *QUICK).code == 0
