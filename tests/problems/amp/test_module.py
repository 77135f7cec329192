"""The training module: it learns, judges a section as a whole, and goes on where it was cut."""

import math
from functools import partial

import lightning.pytorch as pl
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint, Timer
from torch.nn.functional import pad

from voxnas.models.build import build
from voxnas.models.wavenet import stack
from voxnas.problems.amp.data.datamodule import PairDataModule
from voxnas.problems.amp.losses import WeightedLoss
from voxnas.problems.amp.metrics import esr
from voxnas.problems.amp.module import AmpModule
from voxnas.training import run as training
from voxnas.training.block_soap import BlockSOAP
from voxnas.training.run import last_checkpoint, load_checkpoint
from voxnas.training.schedules import Cosine
from voxnas.utils.errors import InputError

ADAM = partial(torch.optim.Adam, lr=0.01)
BLOCK_SOAP = partial(BlockSOAP, lr=0.01, refresh_every=7)


def make_module(optimizer=ADAM, seed: int = 0, **network) -> AmpModule:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = stack(**({"num_layers": 4, "channels": 6, "head_scale": 0.5} | network))
    return AmpModule(net, WeightedLoss(esr=1.0), optimizer, Cosine(warmup_steps=5), sample_rate=8000)


def make_data(recording, module: AmpModule, piece_length: int = 65536) -> PairDataModule:
    data = PairDataModule(lambda: recording, 8000, 512, 8, piece_length=piece_length)
    data.receptive_field = module.network.receptive_field
    return data


def make_trainer(tmp_path, max_epochs: int = 1, **options) -> pl.Trainer:
    silent = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    silent |= {"enable_checkpointing": False} if "callbacks" not in options else {}
    return pl.Trainer(
        max_epochs=max_epochs,
        accelerator="cpu",
        num_sanity_val_steps=0,
        default_root_dir=tmp_path,
        **silent,
        **options,
    )


def checkpoints(tmp_path) -> list[ModelCheckpoint]:
    keep = partial(ModelCheckpoint, dirpath=tmp_path / "checkpoints", enable_version_counter=False)
    return [keep(filename="best", monitor="val/score"), keep(filename="last")]


def offline_esr(module: AmpModule, recording, start: int, stop: int) -> float:
    """By one pass over the whole recording, after silence."""
    source, target = torch.from_numpy(recording.pair.input), torch.from_numpy(recording.pair.target)
    with torch.no_grad():
        output = module(pad(source, (module.network.receptive_field - 1, 0)).view(1, 1, -1)).flatten()
    return esr(output[start:stop], target[start:stop]).item()


@pytest.mark.parametrize("optimizer", [ADAM, BLOCK_SOAP])
def test_it_learns_a_nonlinear_amp(recording, tmp_path, optimizer):
    module = make_module(optimizer)
    data = make_data(recording, module)
    before = offline_esr(module, recording, *recording.sections.test)
    trainer = make_trainer(tmp_path, 40)
    trainer.fit(module, data)
    after = trainer.test(module, data, verbose=False)[0]["test/esr"]
    assert before > 0.5
    assert after < 0.02


@pytest.mark.parametrize("piece_length", [65536, 1000, 37])
@pytest.mark.parametrize("section", [(16000, 20000), (0, 4001)])
def test_validation_judges_the_section_as_one_pass_would(recording, tmp_path, piece_length, section):
    module = make_module()
    data = make_data(recording, module, piece_length)
    loader = data._section(*section)
    in_pieces = make_trainer(tmp_path).validate(module, loader, verbose=False)[0]["val/score"]
    assert in_pieces == pytest.approx(offline_esr(module, recording, *section), rel=1e-5)


def test_the_test_figures_are_those_of_the_best_weights(recording, tmp_path):
    module = make_module()
    data = make_data(recording, module)
    trainer = make_trainer(tmp_path, 4, callbacks=[_SpoilLastEpoch(), *checkpoints(tmp_path)])
    training.fit(trainer, module, data, None)
    training.test(trainer, module, data, tmp_path)
    best = load_checkpoint(tmp_path / "checkpoints/best.ckpt")
    last = load_checkpoint(last_checkpoint(tmp_path))
    name, weights = next(iter(best["state_dict"].items()))
    torch.testing.assert_close(module.state_dict()[name], weights)
    assert (best["epoch"], last["epoch"]) == (2, 3)
    expected = offline_esr(module, recording, *recording.sections.test)
    assert trainer.callback_metrics["test/esr"].item() == pytest.approx(expected, rel=1e-5)


class _SpoilLastEpoch(pl.Callback):
    def on_train_epoch_start(self, trainer, pl_module) -> None:
        if trainer.current_epoch == trainer.max_epochs - 1:
            torch.nn.init.ones_(next(pl_module.network.parameters()))


@pytest.mark.parametrize("optimizer", [ADAM, BLOCK_SOAP])
def test_a_run_that_was_cut_ends_where_one_that_was_not_does(recording, tmp_path, optimizer):
    def run(folder, epochs: int, resume=None) -> AmpModule:
        module = make_module(optimizer, seed=0 if resume is None else 1)
        trainer = make_trainer(folder, 4, callbacks=checkpoints(folder))
        trainer.callbacks.append(_StopAfter(epochs))
        trainer.fit(module, make_data(recording, module), ckpt_path=resume, weights_only=True)
        return module

    whole = run(tmp_path / "whole", 4)
    run(tmp_path / "cut", 2)
    resumed = run(tmp_path / "cut", 4, last_checkpoint(tmp_path / "cut"))
    for expected, got in zip(whole.parameters(), resumed.parameters(), strict=True):
        torch.testing.assert_close(got, expected, rtol=0, atol=0)


class _StopAfter(pl.Callback):
    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def on_train_epoch_end(self, trainer, pl_module) -> None:
        trainer.should_stop = trainer.current_epoch + 1 >= self.epochs


def test_a_checkpoint_rebuilds_its_network(recording, tmp_path):
    module = make_module()
    trainer = make_trainer(tmp_path, 1, callbacks=checkpoints(tmp_path))
    trainer.fit(module, make_data(recording, module))
    kept = load_checkpoint(tmp_path / "checkpoints/last.ckpt")
    network = build(kept["voxnas"]["architecture"])
    again = AmpModule(network, module.loss, ADAM, module.schedule, kept["voxnas"]["sample_rate"])
    again.start_from(kept["state_dict"])
    x = torch.randn(1, 1, 100)
    torch.testing.assert_close(again(x), module(x), rtol=0, atol=0)


def test_starting_from_other_weights_takes_them_all(tmp_path):
    module, other = make_module(), make_module(seed=1)
    module.start_from(other.state_dict())
    for mine, theirs in zip(module.parameters(), other.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    with pytest.raises(RuntimeError, match="size mismatch"):
        module.start_from(make_module(channels=5).state_dict())


def test_a_file_that_is_no_checkpoint_is_named(tmp_path):
    (tmp_path / "best.ckpt").write_text("hello")
    with pytest.raises(InputError, match=r"best\.ckpt: cannot be read as a checkpoint"):
        load_checkpoint(tmp_path / "best.ckpt")


def test_divergence_stops_the_run_with_one_line(recording, tmp_path):
    module = make_module(partial(torch.optim.SGD, lr=1e30))
    with pytest.raises(FloatingPointError, match=r"training diverged .* lower training\.optimizer\.lr"):
        make_trainer(tmp_path, 3).fit(module, make_data(recording, module))


class _Rates(pl.Callback):
    """Notes the progress and the learning rate at every step."""

    def __init__(self) -> None:
        self.progress: list[float] = []
        self.rates: list[float] = []

    def on_before_optimizer_step(self, trainer, pl_module, optimizer) -> None:
        self.progress.append(pl_module.progress())
        self.rates.append(optimizer.param_groups[0]["lr"])


def test_the_learning_rate_follows_the_steps(recording, tmp_path):
    module, seen = make_module(), _Rates()
    make_trainer(tmp_path, 3, callbacks=[seen], enable_checkpointing=False).fit(
        module, make_data(recording, module)
    )
    steps = len(seen.rates)
    assert seen.progress == pytest.approx([i / steps for i in range(steps)])
    assert seen.rates == pytest.approx([0.01 * module.schedule(i, i / steps) for i in range(steps)])


def test_the_learning_rate_is_down_when_the_time_is_up(recording, tmp_path):
    module, seen = make_module(), _Rates()
    seconds = 2
    trainer = make_trainer(
        tmp_path, 100_000, callbacks=[seen, Timer(f"00:00:00:{seconds:02d}")], enable_checkpointing=False
    )
    trainer.fit(module, make_data(recording, module))
    assert trainer.current_epoch < 100_000
    assert seen.progress == sorted(seen.progress)
    assert seen.progress[-1] > 0.9
    assert seen.rates[-1] < 0.05 * 0.01
    assert math.isfinite(trainer.callback_metrics["val/score"].item())
