"""Training on a set, from a config to a record, and the tools that take its network."""

import json
import resource
from pathlib import Path

import numpy as np
import pytest
import soundfile
from vimh_sets import make_set

from voxnas.problems.spectral.data import VimhData, give_back
from voxnas.problems.spectral.vimh.dataset import open_set
from voxnas.problems.spectral.vimh.metadata import FILE


def train(run_here, tmp_path: Path, folder: Path, *more: str):
    run = tmp_path / "run"
    given = ["problem=spectral", "data=vimh", f"data.folder={folder}", f"hydra.run.dir={run}", "logger=csv"]
    return run, run_here("train", *given, "trainer.max_epochs=20", "model=cnn_2k", *more)


def test_a_network_learns_what_is_in_image_and_scale_and_its_record_says_how_well(run_here, tmp_path):
    folder = make_set(tmp_path, number=400, size=(16, 16, 1), learnable=True)
    run, done = train(run_here, tmp_path, folder, "data.batch_size=16", "callbacks.knobs.images=4")
    assert done.code == 0, done.err
    record = json.loads((run / "record.json").read_text())
    drive, tone = record["details"]["knobs"]
    assert drive["told"]
    assert tone["told"]  # which is in the scale alone
    assert record["metrics"]["test_mae"] < 0.12
    assert 1800 <= record["shape"]["parameters"] <= 2200
    assert record["cost"]["us_per_image"]["value"] > 0
    with np.load(run / "knobs.npz", allow_pickle=False) as file:
        assert file["confusion_drive"].sum() == 80
        assert file["saliency_drive"].shape == (1, 16, 16)


@pytest.mark.slow
def test_a_search_goes_through_rungs_and_its_report_shows_each_knob(run_here, tmp_path):
    folder = make_set(tmp_path, number=60, size=(16, 16, 1), learnable=True)
    study = ["problem=spectral", "data=vimh", f"data.folder={folder}", "study=s", "logger=csv"]
    search = [
        "search=ladder",
        "space=images_smoke",
        "search.candidates=2",
        "search.rungs=[1,2]",
        "search.keep=1",
    ]
    done = run_here("train", "-m", *study, *search, "callbacks.knobs.images=2")
    assert done.code == 0, done.err
    done = run_here("report", "problem=spectral", "study=s", "rebenchmark=false")
    assert done.code == 0, done.err
    report = tmp_path / "logs/nas/s/report"
    pictures = ("confusion", "calibration", "error_over_range", "saliency", "error_vs_cpu")
    assert all((report / f"{name}.png").is_file() for name in pictures)
    summary = (report / "summary.md").read_text()
    assert "| drive | 0 to 1 |" in summary
    assert not [word for word in ("ESR", "guitar amp", "receptive") if word in summary]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["model.heads=value"], "give model.heads=steps"),
        (["training.loss.kind=mse"], "give model.heads=value"),
        (["training.loss.kind=best"], "one of soft"),
        (["data.folder=nowhere"], "no such folder"),
        (["data.val_share=1"], "give a share"),
        (["+training.loss.knob_weights.gain=2"], "no such knob"),
    ],
)
def test_what_cannot_be_trained_is_said_in_a_line(run_here, tmp_path, given, words):
    folder = make_set(tmp_path)
    _, done = train(run_here, tmp_path, folder, *given)
    assert done.code != 0
    assert words in done.err, done.err
    assert "Traceback" not in done.err


def test_values_can_be_told_instead_of_steps(run_here, tmp_path):
    folder = make_set(tmp_path, number=60, size=(16, 16, 1), learnable=True)
    given = [
        "training.loss.kind=huber",
        "model.heads=value",
        "callbacks.knobs.images=2",
        "trainer.max_epochs=2",
    ]
    run, done = train(run_here, tmp_path, folder, *given)
    assert done.code == 0, done.err
    assert json.loads((run / "record.json").read_text())["details"]["knobs"][0]["calibration"] == []


def test_validation_is_the_end_of_what_is_trained_on_and_tests_stay_apart(tmp_path):
    folder = make_set(tmp_path, number=40)
    data = VimhData(str(folder), batch_size=8, val_share=0.25)
    sections = data.describe()["sections"]
    assert sections == {"train": [0, 24], "val": [24, 32], "test": [0, 8]}
    batches = list(data.train_dataloader())
    assert sum(len(y) for _, y in batches) == 24
    shown = {tuple(row) for _, y in batches for row in (y * 255).round().int().tolist()}
    assert shown == {tuple(r) for r in open_set(folder).train[:24]["labels"][:, :, 1].tolist()}


def test_an_order_is_new_at_every_epoch_and_the_same_for_a_seed(tmp_path):
    folder = make_set(tmp_path, number=200)

    def order(seed: int, epoch: int) -> list:
        loader = VimhData(str(folder), seed=seed).train_dataloader()
        loader.sampler.set_epoch(epoch)
        return [numbers.tolist() for numbers in loader.sampler]

    assert order(1, 0) == order(1, 0)
    assert order(1, 0) != order(1, 1)
    assert order(1, 0) != order(2, 0)


def test_a_large_set_is_trained_on_in_bounded_memory(tmp_path):
    folder = make_set(tmp_path, number=10, size=(32, 32, 1))
    part, many = (folder / "test").read_bytes()[:1043] * 1000, 300_000
    with (folder / "train").open("wb") as file:
        for _ in range(many // 1000):
            file.write(part)
    values = json.loads((folder / FILE).read_text())
    values["train_samples"] = many
    (folder / FILE).write_text(json.dumps(values))
    folder = folder.rename(folder.with_name(folder.name.replace("10dss", f"{many + 2}dss")))
    data = VimhData(str(folder), batch_size=512)
    before = resident_mb()
    most = 0.0
    for i, _ in enumerate(data.train_dataloader()):
        most = max(most, resident_mb() - before) if i % 20 == 0 else most
    assert most < 220  # of 313 MB, of which 128 are let lie
    give_back(data.opened.train)
    assert resident_mb() - before < 80


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1]) if Path("/proc/self/statm").exists() else 0
    return pages * resource.getpagesize() / 1e6


@pytest.mark.slow
def test_knobs_are_guessed_from_a_recording_and_the_way_back_to_the_amp_is_told(run_here, tmp_path):
    sound = ["sound=rig", "sound.source.seconds=1.0", "sound.picture.width=8", "samples=80"]
    made = run_here("generate_vimh", f"data_dir={tmp_path / 'sets'}", *sound)
    assert made.code == 0, made.err
    folder = next((tmp_path / "sets").iterdir())
    run, done = train(run_here, tmp_path, folder, "trainer.max_epochs=1", "callbacks.knobs.images=2")
    assert done.code == 0, done.err
    record = json.loads((run / "record.json").read_text())
    assert record["metrics"]["test_together_mae"] > 0  # of the four images of each setting
    wav = tmp_path / "take.wav"
    soundfile.write(wav, 0.1 * np.random.default_rng(0).normal(size=44100 * 3), 44100)
    figures, table = tmp_path / "guess.json", tmp_path / "table.csv"
    done = run_here("guess_knobs", f"input={wav}", f"run={run}", f"json={figures}", f"settings={table}")
    assert done.code == 0, done.err
    found = json.loads(figures.read_text())
    assert set(found) == {"drive", "tone", "level"}
    assert all(0 <= one["value"] <= 1 and one["deviation"] > 0 for one in found.values())
    assert table.read_text().startswith("file,drive [0..1],tone [0..1],level [0..1]\n")
    soundfile.write(wav, np.zeros(44100 * 3), 44100)
    for given, words in ((wav, "silence"), (tmp_path / "none.wav", "none.wav")):
        done = run_here("guess_knobs", f"input={given}", f"run={run}")
        assert (done.code, done.err.count("\n")) == (2, 1)
        assert words in done.err
    done = run_here("evaluate_audio", f"run={run}", "count=2")
    assert done.code == 0, done.err
    assert len(list((run / "audio").glob("*.wav"))) == 4
    assert "spectral distance" in done.out
    other = make_set(tmp_path)
    done = run_here("evaluate_audio", f"run={run}", f"folder={other}")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "sample_rate is 8000, the network was trained at 16000" in done.err


def test_a_set_is_shown_as_a_page_with_sound_and_as_a_picture(run_here, tmp_path):
    run_here("generate_vimh", f"data_dir={tmp_path / 'sets'}", "samples=10")
    folder = next((tmp_path / "sets").iterdir())
    for form, start in (("page", b"<!doctype html>"), ("png", b"\x89PNG")):
        output = tmp_path / form
        done = run_here("show_vimh", f"folder={folder}", f"form={form}", f"output={output}", "count=3")
        assert done.code == 0, done.err
        assert output.read_bytes().startswith(start)
    assert (tmp_path / "page").read_text().count("<audio") == 3
    done = run_here("show_vimh", f"data_dir={tmp_path / 'none'}")
    assert (done.code, "no set; make sds makes one" in done.err) == (2, True)


def test_networks_are_drawn_from_themselves(run_here, tmp_path):
    done = run_here("show_models", "models=[cnn_2k,nano]", f"output_dir={tmp_path}")
    assert done.code == 0, done.err
    assert {path.name for path in tmp_path.glob("*.png")} == {"cnn_2k.png", "nano.png"}
    done = run_here("show_models", "models=[vit_8k]", "form=text")
    assert "MultiheadAttention" in done.out
    counted = [int(line.split()[-1].replace(",", "")) for line in done.out.splitlines()[1:]]
    said = int(done.out.splitlines()[0].split()[-2].replace(",", ""))
    assert sum(counted) == said
    done = run_here("show_models", "models=[nothing]")
    assert (done.code, "is none of" in done.err) == (2, True)
    assert "cnn_64k" in run_here("show_models", "form=list").out


def test_every_network_of_the_project_can_be_shown(run_here):
    done = run_here("show_models", "form=text")
    assert done.code == 0, done.err
    assert {"cnn_2k: CNN", "nano: WaveNet", "string: StringNet", "transformer: Transformer"} <= {
        line.partition(",")[0] for line in done.out.splitlines()
    }
