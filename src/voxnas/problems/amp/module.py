"""LightningModule of an amp's model: trained on segments, judged by the ESR of whole sections."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from voxnas.models.base import StreamingNetwork
from voxnas.problems.amp.data.peaks import Peaks
from voxnas.problems.amp.esr import SectionESR
from voxnas.problems.amp.losses import WeightedLoss
from voxnas.problems.amp.mel import mel_distance
from voxnas.problems.amp.metrics import mrstft
from voxnas.problems.amp.overshoot import Overshoot, judged
from voxnas.problems.amp.stress import Stress
from voxnas.training.module import OptimizerFactory, TrainingModule
from voxnas.training.schedules import Schedule


class AmpModule(TrainingModule):
    """Trains a network on segments and judges it by the ESR over a whole section at once.

    An epoch whose network bursts out where the section is played louder scores as one that diverged.

    Args:
        network, optimizer, schedule: see `TrainingModule`.
        loss: `(output, target)` to a scalar.
        sample_rate: in Hz; kept in checkpoints beside the architecture, so that they load without a config.
        stress: what keeps the network's output within bounds beside the recording; None for nothing.
    """

    network: StreamingNetwork

    def __init__(
        self,
        network: StreamingNetwork,
        loss: WeightedLoss,
        optimizer: OptimizerFactory,
        schedule: Schedule,
        sample_rate: int,
        stress: Stress | None = None,
    ) -> None:
        super().__init__(network, loss, optimizer, schedule)
        self.sample_rate, self.stress = sample_rate, stress
        self._section = SectionESR()
        self._outputs: list[Tensor] = []
        self._targets: list[Tensor] = []

    def setup(self, stage: str) -> None:
        data = self.trainer.datamodule  # type: ignore[attr-defined]
        self.peaks = data.peaks() if data else Peaks(0.0, 0.0)  # unknown with loaders alone
        self._overshoot = Overshoot(self.peaks)

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        return super().training_step(batch, batch_idx) + self._beside(self.network, batch[0])

    def _beside(self, network: Callable[[Tensor], Tensor], x: Tensor) -> Tensor | float:
        """What the network's answers beside the recording add to the loss."""
        if self.stress is None or not self.peaks.target:
            return 0.0
        return self.stress(network, x, self.network.receptive_field, self.peaks, self.global_step)

    def on_validation_epoch_start(self) -> None:
        self._section.reset()
        self._overshoot.reset()

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        x, y = batch
        self._section.update(self(x), y)
        self._overshoot.update(self, x)

    def on_validation_epoch_end(self) -> None:
        self.log_score(self.section_score())

    def section_score(self) -> float:
        """The validation section's ESR, or what stands for it where louder playing bursts out."""
        return judged(self._section.compute(), self._overshoot.compute_db())

    def on_test_epoch_start(self) -> None:
        self._outputs, self._targets = [], []
        self._overshoot.reset()

    def test_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        x, y = batch
        self._outputs.append(self(x).flatten().cpu())
        self._targets.append(y.flatten().cpu())
        self._overshoot.update(self, x)

    def on_test_epoch_end(self) -> None:
        output, target = torch.cat(self._outputs), torch.cat(self._targets)
        self._outputs, self._targets = [], []
        whole = SectionESR()
        whole.update(output, target)
        self.log("test/esr", torch.tensor(whole.compute(), dtype=torch.float64).float())
        self.log("test/overshoot_db", self._overshoot.compute_db())
        self.log("test/mrstft", mrstft(output, target, self.sample_rate))
        self.log("test/mel", mel_distance(output, target, self.sample_rate))

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_save_checkpoint(checkpoint)
        checkpoint["voxnas"]["sample_rate"] = self.sample_rate
