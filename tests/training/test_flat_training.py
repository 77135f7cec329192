"""A network whose parameters are stepped in one piece is trained as if each were stepped by itself."""

import copy
from functools import partial

import lightning.pytorch as pl
import pytest
import torch
from lightning.pytorch.callbacks import EMAWeightAveraging, ModelCheckpoint

from voxnas.kernels.build import Unavailable, load
from voxnas.models.wavenet import WaveNet, stack
from voxnas.problems.amp.data.datamodule import PairDataModule
from voxnas.problems.amp.losses import WeightedLoss
from voxnas.problems.amp.module import AmpModule
from voxnas.training.run import load_checkpoint
from voxnas.training.schedules import Cosine

try:
    load("wavenet_train.cpp")
except Unavailable as reason:
    pytest.skip(str(reason), allow_module_level=True)

ADAM = partial(torch.optim.Adam, lr=0.01, fused=True)


class Counting(pl.Callback):
    """Notes at every step whether the optimizer has the parameters in one piece."""

    def __init__(self) -> None:
        self.in_one_piece: list[bool] = []

    def on_before_optimizer_step(self, trainer, pl_module, optimizer) -> None:
        count = len(optimizer.param_groups[0]["params"])
        self.in_one_piece.append(count < len(list(pl_module.network.parameters())))


def fit(
    recording, folder, epochs: int = 2, kind=AmpModule, callbacks=(), resume=None, backend="native", **options
):
    """A module that has been trained, and whether its steps were in one piece."""
    torch.manual_seed(0)
    net = stack(3, 4, head_scale=0.5, backend=backend)
    module = kind(
        net, WeightedLoss(root_esr=1.0), options.pop("optimizer", ADAM), Cosine(5), sample_rate=8000
    )
    data = PairDataModule(lambda: recording, 8000, 512, 2)
    data.receptive_field = net.receptive_field
    counting = Counting()
    keep = ModelCheckpoint(dirpath=folder, filename="last", enable_version_counter=False)
    trainer = pl.Trainer(
        max_epochs=4, accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False,
        num_sanity_val_steps=0, callbacks=[*callbacks, counting, StopAfter(epochs), keep], **options,
    )  # fmt: skip
    trainer.fit(module, data, ckpt_path=resume, weights_only=True)
    return module, counting.in_one_piece


class StopAfter(pl.Callback):
    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def on_train_epoch_end(self, trainer, pl_module) -> None:
        trainer.should_stop = trainer.current_epoch + 1 >= self.epochs


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch):
    """Trains the ordinary way, for comparison."""

    def run(*arguments, **options):
        with monkeypatch.context() as patched:
            patched.setattr(WaveNet, "flatten_for", lambda self, optimizer: None)
            module, in_one_piece = fit(*arguments, **options)
        assert not any(in_one_piece)
        return module

    return run


def assert_same(module: AmpModule, expected: AmpModule) -> None:
    for (name, got), weights in zip(module.named_parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(got, weights, rtol=1e-4, atol=1e-6, msg=name)


class Regularised(AmpModule):
    """Its loss looks at the parameters themselves, too."""

    def training_step(self, batch, batch_idx):
        return super().training_step(batch, batch_idx) + 0.1 * sum(
            p.square().sum() for p in self.parameters()
        )


class LeavesTheKernel(AmpModule):
    """Every third step is computed by PyTorch."""

    def training_step(self, batch, batch_idx):
        self.network.backend = "torch" if batch_idx % 3 == 2 else "native"
        return super().training_step(batch, batch_idx)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"gradient_clip_val": 0.05},
        {"gradient_clip_val": 0.01, "gradient_clip_algorithm": "value"},
        {"accumulate_grad_batches": 2},
        {"kind": Regularised},
        {"kind": LeavesTheKernel},
        {"optimizer": partial(torch.optim.AdamW, lr=0.01, weight_decay=0.1)},
        {"optimizer": partial(torch.optim.SGD, lr=0.01, momentum=0.9)},
    ],
    ids=["plain", "norm", "value", "accumulate", "regularised", "torch", "adamw", "sgd"],
)
def test_the_weights_end_where_those_stepped_one_by_one_do(recording, tmp_path, one_by_one, options) -> None:
    expected = one_by_one(recording, tmp_path / "a", **options)
    module, in_one_piece = fit(recording, tmp_path / "b", **options)
    assert len(in_one_piece) > 10
    assert all(in_one_piece)
    assert_same(module, expected)


def test_averaged_weights_are_the_same_too(recording, tmp_path, one_by_one) -> None:
    expected = one_by_one(recording, tmp_path / "a", callbacks=[EMAWeightAveraging(decay=0.9)])
    module, in_one_piece = fit(recording, tmp_path / "b", callbacks=[EMAWeightAveraging(decay=0.9)])
    assert all(in_one_piece)
    assert_same(module, expected)
    kept, other = (load_checkpoint(tmp_path / run / "last.ckpt") for run in "ab")
    torch.testing.assert_close(kept["state_dict"], other["state_dict"], rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(
        kept["current_model_state"], other["current_model_state"], rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("before", ["native", "torch", "one by one"])
@pytest.mark.parametrize("after", ["native", "torch", "one by one"])
def test_a_cut_run_goes_on_from_whatever_wrote_its_checkpoint(
    recording, tmp_path, one_by_one, before: str, after: str
) -> None:
    def part(how: str, **options) -> AmpModule:
        if how == "one by one":
            return one_by_one(recording, tmp_path, **options)
        return fit(recording, tmp_path, backend=how, **options)[0]

    expected = one_by_one(recording, tmp_path / "whole", epochs=4)
    part(before, epochs=2)
    assert_same(part(after, epochs=4, resume=tmp_path / "last.ckpt"), expected)


def test_a_checkpoint_does_not_tell_how_the_steps_were_taken(recording, tmp_path, one_by_one) -> None:
    one_by_one(recording, tmp_path / "a")
    fit(recording, tmp_path / "b")
    expected, got = (load_checkpoint(tmp_path / run / "last.ckpt") for run in "ab")
    for part in ("state_dict", "optimizer_states"):
        torch.testing.assert_close(got[part], expected[part], rtol=1e-4, atol=1e-6)


def test_the_residual_that_leads_nowhere_does_not_move_even_when_weights_decay(recording, tmp_path) -> None:
    decaying = partial(torch.optim.AdamW, lr=0.01, weight_decay=0.1)
    torch.manual_seed(0)
    before = dict(stack(3, 4, head_scale=0.5).named_parameters())
    module, _ = fit(recording, tmp_path, optimizer=decaying)
    for name, after in module.network.named_parameters():
        assert torch.equal(before[name], after) == name.startswith("arrays.0.layers.2.residual"), name


class Disturbing(pl.Callback):
    """Does something to the parameters in the middle of the run."""

    def __init__(self, what: str) -> None:
        self.what = what

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx) -> None:
        if trainer.global_step != 10:
            return
        net = pl_module.network
        if self.what == "assign":
            net.load_state_dict(copy.deepcopy(net.state_dict()), assign=True)
        elif self.what == "freeze":
            net.arrays[0].rechannel.weight.requires_grad_(False)
        elif self.what == "copy":
            copy.deepcopy(net)(batch[0]).sum().backward()


@pytest.mark.parametrize("what", ["assign", "freeze", "copy"])
def test_what_happens_to_the_parameters_meanwhile_is_seen(recording, tmp_path, one_by_one, what: str) -> None:
    expected = one_by_one(recording, tmp_path / "a", callbacks=[Disturbing(what)] if what == "freeze" else [])
    module, in_one_piece = fit(recording, tmp_path / "b", callbacks=[Disturbing(what)])
    assert all(in_one_piece[:10])
    assert any(in_one_piece[10:]) == (what == "copy")
    assert_same(module, expected)


def test_after_the_fit_autograd_knows_the_parameters_again(recording, tmp_path) -> None:
    module, _ = fit(recording, tmp_path)
    parameters = list(module.network.parameters())
    y = module(torch.ones(1, 1, 100))
    assert torch.autograd.grad(y.sum(), parameters, allow_unused=True)[0] is not None
    assert module.trainer.optimizers[0].param_groups[0]["params"] == parameters


def test_a_second_fit_starts_afresh_with_the_same_parameters(recording, tmp_path) -> None:
    module, _ = fit(recording, tmp_path)
    first = module.configure_optimizers()
    second = module.configure_optimizers()
    assert len(first.param_groups[0]["params"]) == len(list(module.network.parameters()))
    assert len(second.param_groups[0]["params"]) < len(list(module.network.parameters()))
