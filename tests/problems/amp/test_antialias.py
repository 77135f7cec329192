"""Fine-tuning against aliasing: less of it at the same size, the pair kept, from where it was cut too."""

import math
from functools import partial
from pathlib import Path

import lightning.pytorch as pl
import numpy as np
import pytest
import soundfile
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from tiny_amp import RATE, dry_signal

from voxnas.models.recurrent import LSTM
from voxnas.models.wavenet import WaveNet, stack
from voxnas.problems.amp.antialias import AntialiasModule
from voxnas.problems.amp.data.datamodule import PairDataModule
from voxnas.problems.amp.losses import WeightedLoss
from voxnas.problems.amp.polish import Polish
from voxnas.problems.amp.sine_loss import sine_loss
from voxnas.records.record import Record
from voxnas.training.block_soap import BlockSOAP
from voxnas.training.schedules import Cosine
from voxnas.utils.errors import InputError

POLISH = Polish(weight=0.5, sines=64, batch_size=8, samples=256)
QUICK = [
    "callbacks.benchmark.blocks=10",
    "callbacks.benchmark.block_sizes=[512]",
    "callbacks.preview=null",
    "logger=csv",
    "threads=1",
]


def clipper(seed: int = 0) -> WaveNet:
    """A small network of hard clippers that clip."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = stack(4, 4, activation="Hardtanh", head_scale=0.5)
    with torch.no_grad():
        for layer in network.arrays[0].layers:
            layer.mixin.weight.copy_(torch.tensor([3.0, -5.0, 8.0, 12.0]).view(4, 1, 1))
    return network


def module_for(network: WaveNet, polish: Polish = POLISH) -> AntialiasModule:
    recipe = (WeightedLoss(root_esr=1.0), partial(BlockSOAP, lr=0.005), Cosine(warmup_steps=5))
    return AntialiasModule(network, *recipe, sample_rate=8000, polish=polish)


def make_trainer(folder: Path, epochs: int) -> pl.Trainer:
    keep = partial(ModelCheckpoint, dirpath=folder, enable_version_counter=False)
    silent = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    return pl.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        num_sanity_val_steps=0,
        callbacks=[keep(filename="best", monitor="val/score"), keep(filename="last")],
        default_root_dir=folder,
        **silent,
    )


@pytest.fixture
def data(recording) -> PairDataModule:
    made = PairDataModule(lambda: recording, 8000, 512, 8)
    made.receptive_field = clipper().receptive_field
    return made


def started(network: WaveNet, polish: Polish = POLISH) -> AntialiasModule:
    module = module_for(network, polish)
    module.start_from({f"network.{name}": value for name, value in network.state_dict().items()})
    return module


def test_a_run_that_goes_on_has_the_answers_of_the_model_that_it_began_with(data, tmp_path):
    whole = started(clipper())
    make_trainer(tmp_path / "whole", 4).fit(whole, data)
    make_trainer(tmp_path / "cut", 2).fit(started(clipper()), data)
    again = module_for(clipper(seed=1))
    trainer = make_trainer(tmp_path / "cut", 4)
    trainer.fit(again, data, ckpt_path=tmp_path / "cut/last.ckpt", weights_only=True)
    assert torch.equal(again.sines.answers, whole.sines.answers)
    assert again.esr_at_start == whole.esr_at_start
    assert trainer.current_epoch == 4
    assert math.isfinite(again.weight)


def test_the_epoch_with_the_least_aliasing_is_kept_of_those_whose_esr_is_low_enough(data, tmp_path, caplog):
    for limit in (1e6, 1e-6):
        module = started(clipper(), Polish(sines=64, batch_size=8, samples=256, max_esr_ratio=limit))
        trainer = make_trainer(tmp_path / str(limit), 3)
        found = []
        module.on_train_epoch_end = lambda m=module, f=found: f.append(m.epoch_figures() | {"score": 0.0})
        trainer.fit(module, data)
        best = torch.load(tmp_path / str(limit) / "best.ckpt", weights_only=True)
        assert best["epoch"] == min(range(3), key=lambda epoch: found[epoch]["choice"])
        assert ("no epoch kept the ESR" in caplog.text) == (limit < 1)
        assert all((epoch["choice"] == epoch["asr"]) == (limit > 1) for epoch in found)


def test_the_record_has_the_epoch_that_was_chosen():
    record = Record("amp", "s", "polish", "running", "x")
    scores, choices = (0.1, 0.2, 0.3), (5.0, 1e-4, 1e-3)
    record.history = [
        {"epoch": n, "score": score, "choice": choice, "seconds": 1.0}
        for n, (score, choice) in enumerate(zip(scores, choices, strict=True))
    ]
    record.summarise()
    assert (record.score, record.best_epoch) == (0.2, 1)


def test_the_loss_is_that_of_aliases_in_decibels_and_of_harmonics_that_changed():
    at = torch.arange(101) / 101
    wanted = torch.sin(2 * math.pi * 3 * at)
    harmonic = (torch.arange(51) % 3 == 0).unsqueeze(0)
    alias, louder = 0.01 * torch.sin(2 * math.pi * 7 * at), 1.1 * wanted
    loss = [float(sine_loss(x.view(1, 1, -1), wanted.view(1, 1, -1), harmonic, 1.0)) for x in
            (wanted + alias, wanted + alias / 10, louder + 1.1 * alias)]  # fmt: skip
    assert loss[0] - loss[1] == pytest.approx(math.log(10), abs=1e-3)
    assert loss[2] - loss[0] == pytest.approx(0.1, abs=1e-3)


def test_what_drifts_is_no_alias_where_an_answer_has_not_settled():
    at = torch.arange(1009) / 1009
    wanted = torch.sin(2 * math.pi * 40 * at).view(1, 1, -1)
    harmonic = (torch.arange(505) % 40 == 0).unsqueeze(0)
    alias, drift = 1e-3 * torch.sin(2 * math.pi * 301 * at), 3e-3 * at
    loss = [
        float(sine_loss(wanted + x, wanted, harmonic, 0.0, settled=False)) for x in (alias, alias + drift)
    ]
    assert loss[0] == pytest.approx(math.log(1e-3), abs=0.1)
    assert loss[1] == pytest.approx(loss[0], abs=0.1)
    assert float(sine_loss(wanted + drift, wanted, harmonic, 0.0)) > loss[0] - 0.5


@pytest.mark.slow
def test_a_recurrent_network_goes_on_in_each_sine_where_it_was(data, tmp_path):
    torch.manual_seed(0)
    network = LSTM(4, warm_up=64)
    data.receptive_field = network.receptive_field
    module = started(network)
    trainer = make_trainer(tmp_path, 1)
    trainer.fit(module, data)
    assert [tuple(part.shape) for part in module._states] == [(1, len(module.sines), 4)] * 2
    assert all(part.isfinite().all() for part in module._states)
    assert trainer.callback_metrics["val/choice"] > 0


def test_the_esr_may_rise_while_steps_are_large_and_comes_back_within_the_allowance():
    wanted = [POLISH.wanted_ratio(progress) for progress in (0.0, 0.4, 0.8, 1.0)]
    assert wanted == pytest.approx([1.05 * 1.5, 1.05 * 1.25, 1.05, 1.05])
    assert POLISH.steered(0.1, 1.05, 1.0) == pytest.approx(0.1)
    assert 0.05 <= POLISH.steered(0.1, 1.2, 0.9) < POLISH.steered(0.1, 1.2, 0.7) < 0.1
    assert 0.1 < POLISH.steered(0.1, 0.5, 0.5) <= 0.13


def test_without_a_trained_model_there_is_nothing_to_polish(data, tmp_path):
    with pytest.raises(InputError, match="give init_from="):
        make_trainer(tmp_path, 1).fit(module_for(clipper()), data)


def test_a_model_without_aliasing_is_left_alone(data, tmp_path):
    network = clipper()
    with torch.no_grad():
        network.arrays[0].head.weight.zero_()
        network.arrays[0].head.bias.fill_(0.1)
    with pytest.raises(InputError, match="no aliasing to take off"):
        make_trainer(tmp_path, 1).fit(started(network), data)


@pytest.fixture
def hard_pair(tmp_path) -> list[str]:
    """The tiny recording through a hard clipper, as files."""
    dry = dry_signal()
    soundfile.write(tmp_path / "dry.wav", dry, RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "amp.wav", 0.3 * np.clip(8 * dry, -1, 1), RATE, subtype="FLOAT")
    files = [f"data.input={tmp_path / 'dry.wav'}", f"data.target={tmp_path / 'amp.wav'}"]
    return ["data=amp_pair", *files, "data.delay=0", "data.segment_length=512", "data.batch_size=8"]


@pytest.mark.slow
def test_a_polished_run_aliases_less_and_answers_the_pair_as_well(run_here, hard_pair, log_dir):
    """A network of hard clippers, trained, then polished as a user does it."""
    arrays = "model.layer_arrays=[{channels: 4, dilations: [1,2,4], activation: Hardtanh}]"
    trained, polished = log_dir / "trained", log_dir / "polished"
    common, few = (
        [*hard_pair, *QUICK],
        ["training.polish.sines=128", "training.polish.samples=512", "training.optimizer.lr=0.005"],
    )
    first = ["model=wavenet_arrays", arrays, f"hydra.run.dir={trained}", "trainer.max_epochs=30"]
    then = ["experiment=antialias", f"init_from={trained}", f"hydra.run.dir={polished}", *few]
    for given in (first, [*then, "trainer.max_epochs=30"]):
        done = run_here("train", *given, *common)
        assert done.code == 0, done.err
    before, after = Record.read(trained), Record.read(polished)
    assert (after.status, after.rung) == ("ok", "polish")
    assert after.architecture | {"name": ""} == before.architecture | {"name": ""}
    assert after.metrics["asr"] < 0.5 * before.metrics["asr"]
    assert after.score <= 1.1 * before.score
    assert (polished / after.exports["nam"]).is_file()
