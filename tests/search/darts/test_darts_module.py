"""A search on a tiny recording: it learns, keeps its choices, and ends alike whether it was cut or not."""

import lightning.pytorch as pl
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint

from voxnas.problems.amp.data.bilevel import BilevelData
from voxnas.problems.amp.data.datamodule import PairDataModule
from voxnas.problems.amp.esr import SectionESR
from voxnas.problems.amp.losses import WeightedLoss
from voxnas.search.darts.costs import price_of
from voxnas.search.darts.module import DartsModule, discretised
from voxnas.search.darts.wavenet import WaveNetSuperNet
from voxnas.training.schedules import Cosine
from voxnas.utils.errors import InputError


def parts(recording, **settings):
    torch.manual_seed(0)
    net = WaveNetSuperNet(2, (1, 2, 4), (2, 3), (1, 2), ("Tanh", "LeakyReLU"))
    price = price_of("Compute")
    module = DartsModule(
        net,
        WeightedLoss(root_esr=1.0),
        lambda parameters: torch.optim.Adam(parameters, lr=0.05),
        Cosine(warmup_steps=2),
        SectionESR(),
        price,
        net.largest_cost(price),
        **{"choice_lr": 0.05, "drawn": ["layer"], "warm_up": 0.2, **settings},
    )
    data = PairDataModule(lambda: recording, 8000, segment_length=512, batch_size=2)
    data.adapt(net)
    return module, BilevelData(data)


def trainer(folder, epochs: int) -> pl.Trainer:
    return pl.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=False,
        callbacks=[ModelCheckpoint(folder, "last", enable_version_counter=False)],
        num_sanity_val_steps=0,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


class Cut(Exception):
    pass


def test_a_search_that_was_cut_ends_with_the_choices_of_one_that_was_not(recording, tmp_path, monkeypatch):
    whole, data = parts(recording)
    trainer(tmp_path / "whole", 6).fit(whole, data)

    cut, data = parts(recording)
    step = DartsModule.training_step

    def stops(self, batch, batch_idx):
        if self.current_epoch == 3 and batch_idx == 1:
            raise Cut
        return step(self, batch, batch_idx)

    monkeypatch.setattr(DartsModule, "training_step", stops)
    with pytest.raises(Cut):
        trainer(tmp_path / "cut", 6).fit(cut, data)
    monkeypatch.setattr(DartsModule, "training_step", step)
    resumed, data = parts(recording)
    checkpoint = tmp_path / "cut" / "last.ckpt"
    assert any("logits" in name for name in torch.load(checkpoint, weights_only=True)["state_dict"])
    trainer(tmp_path / "cut", 6).fit(resumed, data, ckpt_path=checkpoint, weights_only=True)

    assert resumed.network.genotype() == whole.network.genotype()
    for a, b in zip(resumed.network.alphas(), whole.network.alphas(), strict=True):
        assert torch.equal(a, b)
    assert any(alpha.abs().max() > 0.05 for alpha in whole.network.alphas())


@pytest.mark.parametrize("settings", [{}, {"unrolled": True}, {"drawn": []}, {"beta_decay": 0.5}])
def test_weights_learn_from_their_part_and_choices_move_whatever_the_settings(recording, tmp_path, settings):
    module, data = parts(recording, **settings)
    trainer(tmp_path, 4).fit(module, data)
    figures = module.epoch_figures()
    assert figures["weights_loss"] < 0.99  # silence is 1
    assert 0 < figures["relative_cost"] < 1
    assert figures["entropy"] < 1
    assert all(torch.isfinite(p).all() for p in module.network.parameters())


def test_choices_wait_for_the_warm_up(recording, tmp_path):
    module, data = parts(recording, warm_up=1.0)
    before = [alpha.clone() for alpha in module.network.alphas()]
    trainer(tmp_path, 2).fit(module, data)
    assert all(torch.equal(a, b) for a, b in zip(module.network.alphas(), before, strict=True))


def test_a_higher_penalty_finds_what_costs_less(recording, tmp_path):
    costs = []
    for penalty in (0.0, 20.0):
        module, data = parts(recording, penalty=penalty)
        trainer(tmp_path / str(penalty), 6).fit(module, data)
        costs.append(float(module.relative_cost().detach()))
    assert costs[1] < 0.8 * costs[0]


def test_a_search_ends_early_when_its_choices_are_made(recording, tmp_path):
    module, data = parts(recording, stop_entropy=2.0)
    run = trainer(tmp_path, 6)
    run.fit(module, data)
    assert run.current_epoch == 1


def test_the_two_parts_share_no_output_and_too_short_ones_are_refused(recording):
    _, bilevel = parts(recording)
    (a, b), (c, d) = bilevel.parts()
    assert (a, d) == recording.sections.train
    assert a < b == c < d
    loader = bilevel.train_dataloader()
    starts = [start for pair in loader.sampler for start in pair[0]]
    choice_starts = [start for pair in loader.sampler for start in pair[1]]
    assert max(starts) + 512 <= b <= min(choice_starts)
    assert len(loader) == sum(1 for _ in loader)
    with pytest.raises(InputError, match="less than one segment"):
        BilevelData(bilevel.data, 0.01).parts()
    with pytest.raises(InputError, match="between 0 and 1"):
        BilevelData(bilevel.data, 1.0)


def test_discretised_the_network_is_its_genotype_s_and_afterwards_as_before(recording):
    module, _ = parts(recording)
    net = module.network
    for alpha in net.alphas():
        torch.nn.init.normal_(alpha)
    before = [alpha.clone() for alpha in net.alphas()]
    x = torch.randn(1, 1, net.receptive_field + 50)
    own = net.network()
    with discretised(net), torch.no_grad():
        assert torch.allclose(net(x), own(x[..., net.receptive_field - own.receptive_field :]), atol=1e-6)
    assert all(torch.equal(a, b) for a, b in zip(net.alphas(), before, strict=True))
    assert net.drawn == ["layer"]
