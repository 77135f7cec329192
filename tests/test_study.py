"""Whole studies as `make` runs them, and everything that can befall one."""

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scripts import Result, run_script, start_script

from voxnas.engine.make import make_engine
from voxnas.engine.play import play
from voxnas.export.nam import read_nam

pytestmark = pytest.mark.slow

QUICK = ["name=${model.name}", "callbacks.benchmark.blocks=20", "training.schedule.warmup_steps=2"]
SHORT = [*QUICK, "trainer.max_epochs=3"]
LONG = [*QUICK, "trainer.max_epochs=60"]
NAMES = ["wavenet-l2-c4-k3", "wavenet-l3-c4-k3"]


def record(folder: Path) -> dict:
    return json.loads((folder / "record.json").read_text())


def records(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("record.json")}


def rung(phase: str, *overrides: str, log_dir: Path, study: str = "tiny") -> Result:
    space = ["space=smoke"] if phase == "phase1" else []
    return run_script("train", "-m", f"search={phase}", *space, f"study={study}", *overrides, log_dir=log_dir)


@pytest.fixture(scope="module")
def study(tmp_path_factory, tiny_pair) -> tuple[Path, list[Result]]:
    """Phase 1, promotion, phase 2, report: the log folder and how each step ended."""
    logs = tmp_path_factory.mktemp("study")
    steps = [
        rung("phase1", *tiny_pair, *SHORT, log_dir=logs),
        run_script("promote", "study=tiny", log_dir=logs),
        rung("phase2", *tiny_pair, *SHORT, log_dir=logs),
        run_script("report", "study=tiny", log_dir=logs),
    ]
    return logs, steps


def test_a_study_runs_from_recordings_to_report(study):
    logs, steps = study
    assert [step.code for step in steps] == [0, 0, 0, 0], [step.err for step in steps]
    folder = logs / "nas" / "tiny"
    first = {name: record(folder / "phase1" / name) for name in NAMES}
    best = min(first, key=lambda name: first[name]["score"])
    assert steps[1].out.splitlines()[1].split()[0] == best
    assert [path.parent.name for path in (folder / "phase2").glob("*/record.json")] == [best]

    final = record(folder / "phase2" / best)
    assert final["score"] < first[best]["score"]  # it goes on from phase 1's weights
    assert final["architecture"] == first[best]["architecture"]
    assert all((folder / "phase2" / best / file).exists() for file in final["exports"].values())
    assert set(final["exports"]) == {"nam", "json"}
    assert set(final["previews"]) == {"dry", "target", "model"}

    results = pd.read_csv(folder / "report" / "all_results.csv")
    assert sorted(results["candidate"]) == sorted([*NAMES, best])
    assert best in (folder / "report" / "summary.md").read_text()


def test_the_report_puts_the_frontier_into_one_file(tmp_path, tiny_pair):
    sizes = ["model.num_layers=1,6", "model.channels=4", "trainer.max_epochs=20", "name=l${model.num_layers}"]
    done = run_script(
        "train", "-m", "search=phase1", "study=tiny", *tiny_pair, *QUICK[1:], *sizes, log_dir=tmp_path
    )
    assert done.code == 0, done.err
    assert run_script("report", "study=tiny", "rebenchmark=false", log_dir=tmp_path).code == 0
    report = tmp_path / "nas" / "tiny" / "report"
    held = [read_nam(report / "frontier.nam", place) for place in range(2)]
    for model, name in zip(held, ("l1", "l6"), strict=True):
        alone = read_nam(tmp_path / "nas" / "tiny" / "phase1" / name / f"{name}.nam")
        assert (model.metadata["name"], model.metadata["training"]) == (name, alone.metadata["training"])
        clip = np.random.default_rng(0).uniform(-0.3, 0.3, 4000).astype(np.float32)
        sound, expected = (play(make_engine(m.network), clip) for m in (model, alone))
        np.testing.assert_allclose(sound, expected, rtol=0, atol=1e-6)
    assert "[frontier.nam](frontier.nam) holds the models" in (report / "summary.md").read_text()


def test_the_same_study_again_trains_nothing(study, tiny_pair):
    logs, _ = study
    before = records(logs)
    for phase in ("phase1", "phase2"):
        again = rung(phase, *tiny_pair, *SHORT, log_dir=logs)
        assert again.code == 0, again.err
        runs = list((logs / "nas/tiny" / phase).glob("*/record.json"))
        assert again.out.count("(done before)") == len(runs)
    assert records(logs) == before


def wait_for_epochs(folder: Path, epochs: int, process) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        if (folder / "record.json").exists() and len(record(folder)["history"]) >= epochs:
            return
        time.sleep(0.005)
    raise AssertionError(f"{folder} did not come to epoch {epochs}")


def curve(history: list[dict]) -> list[tuple]:
    return [(epoch["epoch"], epoch["score"], epoch.get("train_loss")) for epoch in history]


def test_a_killed_and_an_interrupted_study_end_with_the_results_of_one_that_was_not(tmp_path, tiny_pair):
    command = ["-m", "search=phase1", "space=smoke", "study=tiny", *tiny_pair, *LONG]
    whole = run_script("train", *command, log_dir=tmp_path / "whole")
    assert whole.code == 0, whole.err
    expected = {name: record(tmp_path / "whole/nas/tiny/phase1" / name) for name in NAMES}

    logs = tmp_path / "cut"
    first, second = (logs / "nas/tiny/phase1" / name for name in NAMES)
    process = start_script("train", *command, log_dir=logs)
    wait_for_epochs(second, 3, process)
    process.kill()
    process.communicate()
    killed, finished = record(second), (first / "record.json").read_bytes()
    assert killed["status"] == "running"

    process = start_script("train", *command, log_dir=logs)
    wait_for_epochs(second, len(killed["history"]) + 3, process)
    process.send_signal(2)  # Ctrl-C
    _, err = process.communicate(timeout=60)
    interrupted = record(second)
    assert (process.returncode, interrupted["status"]) == (130, "interrupted"), err
    assert err.strip() == "interrupted: the same command goes on from here"

    resumed = run_script("train", *command, log_dir=logs)
    assert resumed.code == 0, resumed.err
    assert "(resumed)" in resumed.out
    final = record(second)
    assert final["status"] == "ok"
    assert (first / "record.json").read_bytes() == finished
    for cut in (killed, interrupted):  # all but the epoch in progress was kept, down to its wall time
        kept = cut["history"][:-1]
        assert [e["seconds"] for e in final["history"][: len(kept)]] == [e["seconds"] for e in kept]
    assert curve(final["history"]) == curve(expected[NAMES[1]]["history"])
    for figure in ("score", "best_epoch", "metrics", "identity"):
        assert final[figure] == expected[NAMES[1]][figure]
