"""Training with knobs: one model for all settings, judged setting by setting."""

from types import SimpleNamespace

import lightning.pytorch as pl
import pandas as pd
import pytest
import soundfile
import torch
from tiny_amp import RATE, amp, dry_signal

from voxnas.models.recurrent import LSTM
from voxnas.models.wavenet import stack
from voxnas.problems.amp.data.knobs.datamodule import KnobsDataModule
from voxnas.problems.amp.data.knobs.sources import amp_knobs
from voxnas.problems.amp.losses import WeightedLoss
from voxnas.problems.amp.measures.settings import Settings
from voxnas.problems.amp.problem import AmpProblem
from voxnas.problems.amp.report.settings import settings_table
from voxnas.records.record import Record
from voxnas.training.schedules import Cosine
from voxnas.utils.errors import InputError

DRIVES = [0.0, 2.0, 5.0, 10.0]


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> KnobsDataModule:
    folder = tmp_path_factory.mktemp("knobs")
    soundfile.write(folder / "dry.wav", dry_signal(), RATE, subtype="FLOAT")
    for drive in DRIVES:
        soundfile.write(
            folder / f"{drive:g}.wav", amp((0.3 + drive / 5) * dry_signal()), RATE, subtype="FLOAT"
        )
    lines = "".join(f"{drive:g}.wav,{drive:g}\n" for drive in DRIVES)
    (folder / "table.csv").write_text("file,drive\n" + lines)
    files = {"settings": str(folder / "table.csv"), "input": str(folder / "dry.wav")}
    return amp_knobs(**files, held_out=[{"drive": 2}], segment_length=512, batch_size=8)


def trained(network, data: KnobsDataModule, epochs: int, folder) -> tuple[pl.Trainer, pl.LightningModule]:
    data.adapt(network)
    recipe = {
        "loss": WeightedLoss(esr=1.0),
        "optimizer": lambda parameters: torch.optim.Adam(parameters, lr=0.01),
        "schedule": Cosine(warmup_steps=5),
    }
    module = AmpProblem().module(network, data, recipe)
    silent = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = pl.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        num_sanity_val_steps=0,
        enable_checkpointing=False,
        default_root_dir=folder,
        **silent,
    )
    trainer.fit(module, data)
    trainer.test(module, data, verbose=False)
    return trainer, module


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("run")
    return (*trained(stack(4, 6, head_scale=0.5), data, 25, folder), folder)


def test_one_model_learns_all_settings_and_the_one_between(run):
    trainer, _, _ = run
    figures = trainer.callback_metrics
    assert figures["test/esr"] < 0.05
    assert figures["test/held_out_esr"] < 0.1
    assert figures["test/worst_esr"] >= figures["test/esr"]


def test_it_does_so_because_it_hears_the_knob(run, data):
    _, module, _ = run
    batch = next(iter(data.pieces("test", [3])))
    with torch.no_grad():
        right, wrong = (
            float(
                (module.network(batch.x, module.network.setting({"drive": drive})) - batch.y).square().sum()
            )
            for drive in (10, 0)
        )
    assert right < wrong / 10


def test_the_record_has_the_esr_of_each_setting_and_the_report_a_table(run, data):
    trainer, module, folder = run
    record = Record("amp", "s", "phase1", "ok", "x")
    callback = Settings()
    callback.attach(record, folder)
    callback.on_test_end(SimpleNamespace(datamodule=data), module)
    scores = record.details["settings"]
    assert [score["setting"]["drive"] for score in scores] == DRIVES
    assert [score["held_out"] for score in scores] == [False, True, False, False]
    figures = {name: float(value) for name, value in trainer.callback_metrics.items()}
    trained_on = [score["test_esr"] for score in scores if not score["held_out"]]
    assert sum(trained_on) / 3 == pytest.approx(figures["test/esr"], rel=1e-4)
    assert scores[1]["test_esr"] == pytest.approx(figures["test/held_out_esr"], rel=1e-4)
    record.write(folder)
    words = settings_table(pd.Series({"candidate": "amp", "folder": str(folder)}))
    assert "| drive | validation ESR | test ESR | kept back |" in words
    assert words.count("| yes |") == 1


def test_recurrent_networks_train_with_knobs_too(data, tmp_path):
    torch.manual_seed(0)
    trainer, _ = trained(LSTM(6, warm_up=64), data, 4, tmp_path)
    assert trainer.callback_metrics["test/esr"] < 1


def test_a_network_with_knobs_needs_recordings_with_knobs(data):
    network = stack(2, 2)
    data.adapt(network)
    with pytest.raises(InputError, match="data=amp_knobs"):
        AmpProblem().module(network, SimpleNamespace(sample_rate=8000), {})
