"""LightningModule of one network, one loss, one optimizer: the training that problems share."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from lightning.pytorch.callbacks import Timer
from torch import Tensor, nn
from torch.optim import Optimizer

from voxnas.models.base import Network
from voxnas.training.quick_hooks import QuickHooks
from voxnas.training.schedules import Schedule

OptimizerFactory = Callable[[Iterable[Any]], Optimizer]


class TrainingModule(QuickHooks):
    """Trains a network on batches of input and target. A problem adds how it is judged, and logs `val/score`.

    Args:
        network: what is trained.
        loss: `(output, target)` to a scalar.
        optimizer: makes the optimizer from the parameters.
        schedule: the learning rate's factor over the run.
    """

    def __init__(
        self, network: Network, loss: nn.Module, optimizer: OptimizerFactory, schedule: Schedule
    ) -> None:
        super().__init__()
        self.network, self.loss = network, loss
        self.make_optimizer, self.schedule = optimizer, schedule
        self._base_lrs: list[float] = []
        self._losses: list[Tensor] = []

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
        """Share of the run that is over, in steps or in time, whichever is more."""
        steps = self.trainer.estimated_stepping_batches
        share = self.global_step / steps if steps > 0 else 0.0
        return min(1.0, max(share, time_share(self)))

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

    def log_score(self, score: float) -> None:
        """Log the score of the whole validation set, by which everything goes that selects.

        Raises FloatingPointError if it is not finite.
        """
        self.log("val/score", require_finite(torch.tensor(score, dtype=torch.float64)).float())

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["voxnas"] = {"architecture": self.network.architecture()}

    def start_from(self, state_dict: Mapping[str, Tensor]) -> None:
        """Take the network's weights from another run's checkpoint."""
        prefix = "network."
        own = {k.removeprefix(prefix): v for k, v in state_dict.items() if k.startswith(prefix)}
        self.network.load_state_dict(own)


def time_share(module: Any) -> float:
    """The share of the trainer's time limit that has passed, from 0; 0 where there is none."""
    shares = [0.0]
    for timer in (c for c in module.trainer.callbacks if isinstance(c, Timer)):
        elapsed, left = timer.time_elapsed(), timer.time_remaining()
        if left is not None:
            shares.append(elapsed / max(elapsed + left, 1e-9))
    return max(shares)


def require_finite(loss: Tensor) -> Tensor:
    """The loss, or a FloatingPointError if training has diverged."""
    value = loss.detach().item()
    if not math.isfinite(value):
        raise FloatingPointError(
            f"training diverged (loss is {value}); lower training.optimizer.lr or check the data"
        )
    return loss
