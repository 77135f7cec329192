"""LightningModule of networks that tell knobs from images."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from voxnas.problems.spectral.data import Batch, VimhData
from voxnas.problems.spectral.losses import KnobLoss, estimates
from voxnas.problems.spectral.networks.base import ImageNetwork
from voxnas.problems.spectral.together import common_error, estimates_together
from voxnas.training.module import OptimizerFactory, TrainingModule
from voxnas.training.schedules import Schedule
from voxnas.utils.errors import InputError


class KnobModule(TrainingModule):
    """Trains a network on images and judges it by the mean error over knobs, in shares of their ranges.

    Args:
        network, optimizer, schedule: see `TrainingModule`.
        loss: of knobs.
        data: whose knobs they are; kept in checkpoints, so that these tell knobs without a config.
    """

    network: ImageNetwork
    loss: KnobLoss

    def __init__(
        self,
        network: ImageNetwork,
        data: VimhData,
        loss: KnobLoss,
        optimizer: OptimizerFactory,
        schedule: Schedule,
    ) -> None:
        super().__init__(network, loss, optimizer, schedule)
        if loss.heads != network.heads:
            raise InputError(
                f"model.heads={network.heads}: training.loss.kind={loss.kind} is one of {loss.heads}; "
                f"give model.heads={loss.heads}"
            )
        data.adapt(network)
        loss.follow(data.knobs)
        self.data = data
        self.told: list[tuple[Tensor, Tensor]] = []
        self.common: list[float] = []

    def forward(self, x: Any) -> Tensor:
        """Images and scales to the outputs of all heads."""
        out: Tensor = self.network(*x)
        return out

    def _collect(self, batch: Batch) -> None:
        x, target = batch
        self.told.append((self(x).cpu(), target.cpu()))

    def _all_told(self) -> tuple[Tensor, Tensor]:
        output, target = (torch.cat(parts) for parts in zip(*self.told, strict=True))
        return output, target

    def answers(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Estimates, how unsure they are, and the truth, of what was last judged: shares `(n, knobs)`."""
        output, target = self._all_told()
        mean, deviation = estimates(output, self.data.knobs, self.loss.heads)
        return mean.numpy(), deviation.numpy(), target.numpy()

    def answers_together(self) -> tuple[np.ndarray, np.ndarray]:
        """Estimates and the truth of all images of a setting together, `(settings, knobs)`."""
        output, target = self._all_told()
        settings, which = torch.unique(target, dim=0, return_inverse=True)
        mean, _ = estimates_together(output, which, self.data.knobs, self.loss.heads)
        return mean.numpy(), settings.numpy()

    def on_validation_epoch_start(self) -> None:
        self.told = []

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self._collect(batch)

    def on_validation_epoch_end(self) -> None:
        mean, _, target = self.answers()
        self.log_score(float(np.abs(mean - target).mean()))
        self.common = common_error(*self._all_told(), self.data.knobs, self.loss.heads).tolist()

    def on_test_epoch_start(self) -> None:
        self.told = []

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        self._collect(batch)

    def on_test_epoch_end(self) -> None:
        mean, _, target = self.answers()
        self.log("test/mae", float(np.abs(mean - target).mean()))

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_save_checkpoint(checkpoint)
        metadata = self.data.opened.metadata.written()
        about = {"vimh": metadata, "folder": str(self.data.folder), "common_error": self.common}
        checkpoint["voxnas"] |= about
