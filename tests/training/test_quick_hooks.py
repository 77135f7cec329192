"""What is quick about the hooks, and what stays as it was."""

import gc

import lightning.pytorch as pl
import torch
from torch import nn

from voxnas.training.quick_hooks import QuickHooks


def test_attributes_end_where_they_would_have(monkeypatch) -> None:
    module, layer = QuickHooks(), nn.Linear(1, 1)
    long_way = []
    plain = nn.Module.__setattr__
    monkeypatch.setattr(nn.Module, "__setattr__", lambda *it: (long_way.append(it[1]), plain(*it))[1])
    module._current_fx_name = "training_step"
    module.layer, module.weight, module.note = layer, nn.Parameter(layer.bias), "x"
    assert module._current_fx_name == "training_step"
    assert set(dict(module.named_parameters())) == {"weight", "layer.weight", "layer.bias"}
    assert long_way == ["layer", "weight", "note"]


class Minimal(QuickHooks):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(1, 1)
        self.frozen: list[int] = []

    def training_step(self, batch, batch_idx):
        self.frozen.append(gc.get_freeze_count())
        return self.layer(batch).sum()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


def test_the_garbage_collector_is_told_to_rest_for_the_fit_alone(tmp_path) -> None:
    module, before = Minimal(), gc.get_freeze_count()
    trainer = pl.Trainer(
        max_epochs=1, logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, accelerator="cpu", default_root_dir=tmp_path,
    )  # fmt: skip
    trainer.fit(module, torch.ones(3, 1))
    assert min(module.frozen) > 10_000
    assert gc.get_freeze_count() <= before
