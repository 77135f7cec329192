"""The LightningModule: one network, one loss, one optimizer."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from lightning.pytorch.callbacks import Timer
from torch import Tensor
from torch.optim import Optimizer

from voxnas.models.base import Network
from voxnas.training.losses import WeightedLoss, require_finite
from voxnas.training.metrics import mrstft
from voxnas.training.quick_hooks import QuickHooks
from voxnas.training.schedules import Schedule

OptimizerFactory = Callable[[Iterable[Any]], Optimizer]


class AmpModule(QuickHooks):
    """Trains a network on segments and judges it by the ESR over a whole section at once.

    Args:
        network: what is trained.
        loss: `(output, target)` to a scalar.
        optimizer: makes the optimizer from the parameters.
        schedule: the learning rate's factor over the run.
        sample_rate: in Hz; kept in checkpoints beside the architecture, so that they load without a config.
    """

    def __init__(
        self,
        network: Network,
        loss: WeightedLoss,
        optimizer: OptimizerFactory,
        schedule: Schedule,
        sample_rate: int,
    ) -> None:
        super().__init__()
        self.network, self.loss = network, loss
        self.make_optimizer, self.schedule = optimizer, schedule
        self.sample_rate = sample_rate
        self._base_lrs: list[float] = []
        self._losses: list[Tensor] = []
        self._error = self._energy = 0.0
        self._outputs: list[Tensor] = []
        self._targets: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        """As the network's."""
        y: Tensor = self.network(x)
        return y

    def configure_optimizers(self) -> Optimizer:
        optimizer = self.make_optimizer(self.network.parameters())
        self.network.flatten_for(optimizer)
        self._base_lrs = [group["lr"] for group in optimizer.param_groups]
        return optimizer

    def optimizer_zero_grad(self, epoch: int, batch_idx: int, optimizer: Optimizer) -> None:
        optimizer.zero_grad(set_to_none=False)  # gradients in one piece stay in it

    def on_fit_end(self) -> None:
        super().on_fit_end()
        self.network.unflatten()

    def on_train_epoch_start(self) -> None:
        self._losses = []

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        factor = self.schedule(self.global_step, self.progress())
        optimizer = self.optimizers()
        for group, base in zip(optimizer.param_groups, self._base_lrs, strict=True):  # type: ignore[union-attr]
            group["lr"] = factor * base

    def progress(self) -> float:
        """How much of the run is over, in steps or in time, whichever is more, from 0 to 1."""
        steps = self.trainer.estimated_stepping_batches
        shares = [self.global_step / steps if steps > 0 else 0.0]
        for timer in (c for c in self.trainer.callbacks if isinstance(c, Timer)):  # type: ignore[attr-defined]
            elapsed, left = timer.time_elapsed(), timer.time_remaining()
            if left is not None:
                shares.append(elapsed / max(elapsed + left, 1e-9))
        return min(1.0, max(shares))

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        x, y = batch
        loss = require_finite(self.loss(self(x), y))
        self._losses.append(loss.detach())  # to log each would take longer than many a step
        return loss

    def epoch_loss(self) -> float:
        """The mean over the epoch's steps."""
        return float(torch.stack(self._losses).mean())

    def on_train_epoch_end(self) -> None:
        self.log("train/loss", self.epoch_loss())
        self.log("train/lr", self.optimizers().param_groups[0]["lr"])  # type: ignore[union-attr]

    def on_validation_epoch_start(self) -> None:
        self._error = self._energy = 0.0

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        x, y = batch
        self._error += float((self(x) - y).double().square().sum())
        self._energy += float(y.double().square().sum())

    def on_validation_epoch_end(self) -> None:
        esr = self._error / self._energy if self._energy else float("inf")
        self.log("val/esr", require_finite(torch.tensor(esr, dtype=torch.float64)).float())

    def on_test_epoch_start(self) -> None:
        self._outputs, self._targets = [], []

    def test_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        x, y = batch
        self._outputs.append(self(x).flatten().cpu())
        self._targets.append(y.flatten().cpu())

    def on_test_epoch_end(self) -> None:
        output, target = torch.cat(self._outputs), torch.cat(self._targets)
        self._outputs, self._targets = [], []
        error = (output - target).double().square().sum() / target.double().square().sum()
        self.log("test/esr", error.float())
        self.log("test/mrstft", mrstft(output, target, self.sample_rate))

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["voxnas"] = {"architecture": self.network.architecture(), "sample_rate": self.sample_rate}

    def start_from(self, state_dict: Mapping[str, Tensor]) -> None:
        """Take the network's weights from another run's checkpoint."""
        prefix = "network."
        own = {k.removeprefix(prefix): v for k, v in state_dict.items() if k.startswith(prefix)}
        self.network.load_state_dict(own)
