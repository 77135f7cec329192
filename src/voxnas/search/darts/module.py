"""The LightningModule of a differentiable search: weights and choices, trained in turns."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, cast

import lightning.pytorch as pl
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from voxnas.problems.base import ScoreMeter
from voxnas.search.darts.objective import Schedule, beta_decay, entropy
from voxnas.search.darts.supernet import Choices, Price, SuperNet
from voxnas.search.darts.unrolled import gradients, unrolled_gradient
from voxnas.training.module import OptimizerFactory, require_finite, time_share
from voxnas.training.schedules import Schedule as LearningRate
from voxnas.utils.errors import InputError

Batch = tuple[Tensor, Tensor]


class DartsModule(pl.LightningModule):
    """Bilevel optimisation after H. Liu, K. Simonyan, Y. Yang (2019), "DARTS: Differentiable Architecture
    Search".

    The weights minimise the loss on their batches. The choices minimise, on batches of their own,
    `log loss + penalty · expected cost / largest cost + beta_decay · progress · mean logsumexp α`: relative
    terms all, so that one `penalty` suits every recording, space and unit of cost. A penalty of 1 takes a
    loss e times as high for a network that costs nothing instead of the most.

    Args:
        network: the relaxed network.
        loss: `(output, target)` to a scalar.
        optimizer: makes the optimizer of the weights from their parameters.
        schedule: the weights' learning rate's factor over the run.
        score: takes the score of a whole validation set.
        price: what an operation costs.
        largest_cost: of the most expensive network of the space, in the same unit.
        penalty: see above; 0 for quality alone.
        choice_lr: learning rate of the choices (Adam).
        choice_weight_decay: of the choices.
        beta_decay: see above; 0 for none.
        temperature: of the choices' softmax, from the first to the last epoch.
        warm_up: share of the run during which the weights are trained alone.
        unrolled: whether the choices look one step of the weights ahead (second order).
        drawn: the tables of which every step draws one option instead of mixing all, where the space can.
        choice_every: steps of the weights per step of the choices.
        skip_dropout: of a space with skips, at the start; it falls to 0 by the end.
        stop_entropy: the search ends when its choices are less undecided than that; None for never.
        seed: of the draws; they are the same in an epoch that is done again.

    Validation is that of the strongest choices alone, with the weights that they have in the search.
    """

    def __init__(
        self,
        network: SuperNet,
        loss: nn.Module,
        optimizer: OptimizerFactory,
        schedule: LearningRate,
        score: ScoreMeter,
        price: Price,
        largest_cost: float,
        penalty: float = 0.0,
        choice_lr: float = 0.02,
        choice_weight_decay: float = 0.0,
        beta_decay: float = 0.0,
        temperature: Sequence[float] = (1.0, 0.1),
        warm_up: float = 0.1,
        unrolled: bool = False,
        drawn: Collection[str] = (),
        choice_every: int = 1,
        skip_dropout: float = 0.0,
        stop_entropy: float | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.network, self.loss, self.score = network, loss, score
        self.make_optimizer, self.schedule = optimizer, schedule
        self.price, self.largest_cost, self.penalty = price, largest_cost, penalty
        self.choice_lr, self.choice_weight_decay = choice_lr, choice_weight_decay
        self.beta_decay, self.temperature = beta_decay, Schedule(*temperature)
        self.warm_up, self.unrolled, self.stop_entropy = warm_up, unrolled, stop_entropy
        self.choice_every, self.skip_dropout, self.seed = choice_every, skip_dropout, seed
        network.drawn = list(drawn)
        self._discretised = ExitStack()
        self._steps = 0
        self._base_lrs: list[float] = []
        self._losses: dict[str, list[Tensor]] = {}

    @property
    def tables(self) -> list[Choices]:
        """The tables of choices."""
        return [t for t in self.network.choices.values() if isinstance(t, Choices)]

    def forward(self, x: Tensor) -> Tensor:
        """Output of the network."""
        y: Tensor = self.network(x)
        return y

    def configure_optimizers(self) -> tuple[Optimizer, Optimizer]:
        of_weights = self.make_optimizer(self.network.weights())
        self._base_lrs = [group["lr"] for group in of_weights.param_groups]
        of_choices = torch.optim.Adam(
            self.network.alphas(), self.choice_lr, betas=(0.5, 0.999), weight_decay=self.choice_weight_decay
        )
        return of_weights, of_choices

    def progress(self) -> float:
        """Progress of the run, in steps or in time, whichever is more, from 0 to 1."""
        epochs, batches = self.trainer.max_epochs or 1, max(1, int(self.trainer.num_training_batches))
        share = (self.current_epoch + min(1.0, self._steps / batches)) / epochs
        return min(1.0, max(share, time_share(self)))

    def on_train_epoch_start(self) -> None:
        self._losses, self._steps = {"weights": [], "choices": []}, 0

    def training_step(self, batch: tuple[Batch, Batch], batch_idx: int) -> None:
        for_weights, for_choices = batch
        torch.manual_seed(hash((self.seed, self.current_epoch, batch_idx)))  # as in a step that is done again
        progress = self.progress()
        self.network.temperature = self.temperature.at(progress)
        self.network.skip_dropout = self.skip_dropout * (1 - progress)
        of_weights, of_choices = cast(tuple[Optimizer, Optimizer], self.optimizers())
        lr = self.schedule(self.current_epoch * int(self.trainer.num_training_batches) + batch_idx, progress)
        for group, base in zip(of_weights.param_groups, self._base_lrs, strict=True):
            group["lr"] = lr * base
        if progress >= self.warm_up and batch_idx % self.choice_every == 0:
            self._step_choices(
                of_choices, for_weights, for_choices, of_weights.param_groups[0]["lr"], progress
            )
        with frozen(self.network.alphas()):
            loss = require_finite(self._loss(for_weights))
            _step(of_weights, self.network.weights(), gradients(loss, self.network.weights()))
        self._losses["weights"].append(loss.detach())
        self._steps += 1

    def _step_choices(
        self, optimizer: Optimizer, for_weights: Batch, for_choices: Batch, lr: float, progress: float
    ) -> None:
        alphas, losses = self.network.alphas(), self._losses["choices"]

        def objective() -> Tensor:
            loss = require_finite(self._loss(for_choices))
            losses.append(loss.detach())
            return self.choice_objective(loss, progress)

        if self.unrolled:
            draw = int(torch.randint(2**31, ()))

            def training_loss() -> Tensor:
                torch.manual_seed(draw)  # a difference is taken of it: it must be of one draw
                return self._loss(for_weights)

            gradient = unrolled_gradient(training_loss, objective, self.network.weights(), alphas, lr)
        else:
            gradient = gradients(objective(), alphas)
        _step(optimizer, alphas, gradient)

    def _loss(self, batch: Batch) -> Tensor:
        x, y = batch
        loss: Tensor = self.loss(self(x), y)
        return loss

    def choice_objective(self, loss: Tensor, progress: float = 1.0) -> Tensor:
        """Objective of the choices, given the loss on their batch."""
        total = torch.log(loss)
        if self.penalty:
            total = total + self.penalty * self.relative_cost()
        if self.beta_decay:
            total = total + self.beta_decay * progress * beta_decay(self.tables)
        return total

    def relative_cost(self) -> Tensor:
        """The expected cost over that of the largest network, differentiable."""
        return self.network.expected_cost(self.price) / self.largest_cost

    def epoch_figures(self) -> dict[str, float]:
        """Mean losses of the epoch so far, expected cost, its share of the largest, entropy, temperature."""
        share = float(self.relative_cost().detach())
        seen = {name: losses for name, losses in self._losses.items() if losses}
        losses = {f"{name}_loss": float(torch.stack(found).mean()) for name, found in seen.items()}
        return {
            **losses,
            "expected_cost": share * self.largest_cost,
            "relative_cost": share,
            "entropy": entropy(self.tables, self.network.temperature),
            "temperature": self.network.temperature,
        }

    def on_train_epoch_end(self) -> None:
        figures = self.epoch_figures()
        self.log_dict({f"search/{name}": value for name, value in figures.items()})
        if self.stop_entropy is not None and figures["entropy"] < self.stop_entropy:
            self.trainer.should_stop = True

    def on_validation_epoch_start(self) -> None:
        self.score.reset()
        self._discretised.enter_context(discretised(self.network))

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        x, y = batch
        self.score.update(self(x), y)

    def on_validation_epoch_end(self) -> None:
        self._discretised.close()
        score = torch.tensor(self.score.compute(), dtype=torch.float64)
        self.log("val/score", require_finite(score).float())

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["temperature"] = self.network.temperature

    def on_load_checkpoint(self, checkpoint: Mapping[str, Any]) -> None:
        self.network.temperature = checkpoint["temperature"]


@contextmanager
def frozen(parameters: Sequence[nn.Parameter]) -> Iterator[None]:
    """Context in which these parameters get no gradients."""
    for parameter in parameters:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)


def _step(optimizer: Any, parameters: Sequence[Tensor], gradients: Sequence[Tensor]) -> None:
    """One step of one of two optimizers: gradients go to its own parameters and to no others."""
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
    optimizer.step()
    for parameter in parameters:
        parameter.grad = None


@contextmanager
def discretised(network: SuperNet) -> Iterator[None]:
    """Context in which the network computes its strongest choices alone; where these leave nothing, it stays
    as it is."""
    logits, drawn = [alpha.detach().clone() for alpha in network.alphas()], network.drawn
    try:
        with suppress(InputError):
            network.set_one_hot(network.genotype())
            network.drawn = list(network.choices)  # what is certain need not be mixed
        yield
    finally:
        network.drawn = drawn
        with torch.no_grad():
            for alpha, before in zip(network.alphas(), logits, strict=True):
                alpha.copy_(before)
