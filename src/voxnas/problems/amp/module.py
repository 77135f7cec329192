"""LightningModule of an amp's model: trained on segments, judged by the ESR of whole sections."""

from typing import Any

import torch
from torch import Tensor

from voxnas.models.base import StreamingNetwork
from voxnas.problems.amp.esr import SectionESR
from voxnas.problems.amp.losses import WeightedLoss
from voxnas.problems.amp.mel import mel_distance
from voxnas.problems.amp.metrics import mrstft
from voxnas.training.module import OptimizerFactory, TrainingModule
from voxnas.training.schedules import Schedule


class AmpModule(TrainingModule):
    """Trains a network on segments and judges it by the ESR over a whole section at once.

    Args:
        network, optimizer, schedule: see `TrainingModule`.
        loss: `(output, target)` to a scalar.
        sample_rate: in Hz; kept in checkpoints beside the architecture, so that they load without a config.
    """

    network: StreamingNetwork

    def __init__(
        self,
        network: StreamingNetwork,
        loss: WeightedLoss,
        optimizer: OptimizerFactory,
        schedule: Schedule,
        sample_rate: int,
    ) -> None:
        super().__init__(network, loss, optimizer, schedule)
        self.sample_rate = sample_rate
        self._section = SectionESR()
        self._outputs: list[Tensor] = []
        self._targets: list[Tensor] = []

    def on_validation_epoch_start(self) -> None:
        self._section.reset()

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        x, y = batch
        self._section.update(self(x), y)

    def on_validation_epoch_end(self) -> None:
        self.log_score(self._section.compute())

    def on_test_epoch_start(self) -> None:
        self._outputs, self._targets = [], []

    def test_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        x, y = batch
        self._outputs.append(self(x).flatten().cpu())
        self._targets.append(y.flatten().cpu())

    def on_test_epoch_end(self) -> None:
        output, target = torch.cat(self._outputs), torch.cat(self._targets)
        self._outputs, self._targets = [], []
        whole = SectionESR()
        whole.update(output, target)
        self.log("test/esr", torch.tensor(whole.compute(), dtype=torch.float64).float())
        self.log("test/mrstft", mrstft(output, target, self.sample_rate))
        self.log("test/mel", mel_distance(output, target, self.sample_rate))

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_save_checkpoint(checkpoint)
        checkpoint["voxnas"]["sample_rate"] = self.sample_rate
