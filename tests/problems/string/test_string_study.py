"""Whole studies of strings, as `make` runs them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from scripts import run_script

pytestmark = pytest.mark.slow

IT = ["problem=string", "experiment=smoke"]


@pytest.fixture(scope="module")
def logs(tmp_path_factory) -> Path:
    logs = tmp_path_factory.mktemp("strings")
    done = run_script("train", "-m", *IT, "search=phase1", "space=string_smoke", "study=s", log_dir=logs)
    assert done.code == 0, done.err
    done = run_script("report", "study=s", log_dir=logs)
    assert done.code == 0, done.err
    return logs


def records(logs: Path) -> list[dict]:
    return [json.loads(path.read_text()) for path in (logs / "nas/s/phase1").glob("*/record.json")]


def test_a_search_ends_in_a_report_with_sound(logs):
    report = logs / "nas/s/report"
    table = pd.read_csv(report / "all_results.csv")
    assert (table["envelope_db"] < 1).all()
    for file in (
        "summary.md",
        "decays.png",
        "spectrograms.png",
        "level.png",
        "epoch_loss.png",
        "ablation.png",
    ):
        assert (report / file).stat().st_size > 0
    assert "sines that ESPRIT finds" in (report / "summary.md").read_text()
    for record in records(logs):
        assert record["problem"] == "string"
        assert set(record["exports"]) == {"json", "header"}
        assert {"target", "model", "modal"} <= set(record["previews"])
        assert record["metrics"]["test_dc_dbfs"] < -100
        assert 0 < record["cost"]["cpu_rtf"]["value"] < 1


def test_tensorboard_has_the_losses_of_all_runs(logs):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    steps = []
    for path in (logs / "nas/s").rglob("events.out.tfevents*"):
        events = EventAccumulator(str(path), {"images": 0})
        events.Reload()
        if "epoch_loss" in events.Tags()["images"]:
            steps += [image.step for image in events.Images("epoch_loss")]
    assert sorted(steps) == list(range(1, len(records(logs)) + 1))


def test_what_was_found_plays_notes(logs, tmp_path):
    run = next((logs / "nas/s/phase1").glob("*/record.json")).parent
    score, out = tmp_path / "riff.txt", tmp_path / "riff.wav"
    score.write_text("0 A2 0.8 0.5\n0.3 E3 0.6 0.5\n")
    given = [f"model={run}", f"notes={score}", f"output={out}"]
    done = run_script("render", *given, log_dir=logs)
    assert done.code == 0, done.err
    assert np.abs(soundfile.read(out)[0]).max() > 0.05
    score.write_text("0 X2\n")
    done = run_script("render", *given, log_dir=logs)
    assert done.code == 2
    assert done.err.startswith("error: ")
    assert len(done.err.strip().splitlines()) == 1


def test_a_ladder_climbs_from_the_weights_that_were_found(tmp_path):
    search = ["search=ladder", "space=string", "search.candidates=3", "search.rungs=[1,1]", "search.keep=1"]
    done = run_script("train", "-m", *IT, *search, "study=l", log_dir=tmp_path)
    assert done.code in (0, 1), done.err
    found = [json.loads(path.read_text()) for path in (tmp_path / "nas/l").glob("rung*/*/record.json")]
    assert {record["status"] for record in found} == {"ok"}
    assert {record["rung"] for record in found} == {"rung1", "rung2"}


def test_a_recording_is_trained_on_and_a_bad_one_is_one_line(tmp_path):
    rate, time = 22_050, np.arange(2 * 22_050) / 22_050
    note = sum(np.exp(-3 * k**0.5 * time) / k * np.sin(2 * np.pi * 110 * k * time) for k in range(1, 12))
    hiss = 1e-4 * np.random.default_rng(0).standard_normal(3 * rate)
    hiss[rate // 2 : rate // 2 + len(note)] += 0.3 * note
    soundfile.write(tmp_path / "take.wav", hiss, rate)
    given = [*IT, f"data.recordings={tmp_path / 'take.wav'}", f"data.cache={tmp_path / 'cache'}"]
    done = run_script("train", *given, "model.states=2", log_dir=tmp_path / "logs")
    assert done.code == 0, done.err
    (path,) = (tmp_path / "logs/train/runs").glob("*/record.json")
    assert json.loads(path.read_text())["metrics"]["test_pitch_cents"] < 3
    done = run_script("inspect_string", f"input={tmp_path / 'take.wav'}", log_dir=tmp_path / "logs")
    assert done.code == 0, done.err
    assert "110.0" in done.out
    soundfile.write(tmp_path / "take.wav", np.zeros(rate), rate)
    for script, arguments in {"train": given, "inspect_string": [f"input={tmp_path / 'take.wav'}"]}.items():
        done = run_script(script, *arguments, log_dir=tmp_path / "logs")
        assert done.code == 2
        assert "is silent" in done.err.strip().splitlines()[-1]


def test_a_string_that_blows_up_is_rejected_and_not_tried_again(tmp_path):
    free = ["model.form=free", "training.loop_fit=null", "data.most_seconds=null"]
    given = ["-m", *IT, *free, "search=phase1", "training.optimizer.lr=1e30,1e-4", "study=b"]
    for _ in range(2):
        done = run_script("train", *given, log_dir=tmp_path)
        assert done.code == 0, done.err
    found = [json.loads(path.read_text()) for path in (tmp_path / "nas/b/phase1").glob("*/record.json")]
    assert sorted(record["status"] for record in found) == ["ok", "rejected"]
    (reason,) = (record["reason"] for record in found if record["status"] == "rejected")
    assert reason.startswith("the string blows up")
    assert not (tmp_path / "replaced").exists()
