"""A toy problem that holds the house to its word: a curve fitted by small MLPs, and judged by R²."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from voxnas.models.base import Network
from voxnas.models.build import register
from voxnas.problems.base import Figure, Problem, Score
from voxnas.problems.data import DataModule
from voxnas.search.cost.base import Cost
from voxnas.training.module import TrainingModule


@register
class MLP(Network):
    macs = 0

    def __init__(self, width: int, depth: int = 1, name: str = "mlp") -> None:
        super().__init__()
        self.name, self.sizes = name, {"width": width, "depth": depth}
        inner = [part for _ in range(depth) for part in (nn.Linear(width, width), nn.Tanh())]
        self.layers = nn.Sequential(nn.Linear(1, width), nn.Tanh(), *inner, nn.Linear(width, 1))
        self.forward = self.layers.forward
        self.macs = 2 * width + depth * width**2

    def architecture(self):
        return {"type": "MLP", "name": self.name, **self.sizes}


class Curve(DataModule):
    def __init__(self, points: int = 64) -> None:
        super().__init__()
        parts = torch.linspace(0, 1, 3 * points).view(points, 3).T.unsqueeze(2)
        loaders = [DataLoader(TensorDataset(x, torch.sin(6 * x)), batch_size=16) for x in parts]
        self.train_dataloader, self.val_dataloader, self.test_dataloader = (
            lambda one=one: one for one in loaders
        )

    def describe(self):
        return {"fingerprint": "sine", "sections": {}}


class Fit(TrainingModule):
    def on_validation_epoch_start(self) -> None:
        self.pairs = []

    def validation_step(self, batch, _) -> None:
        self.pairs.append((self(batch[0]), batch[1]))

    def r2(self) -> float:
        output, target = (torch.cat(parts) for parts in zip(*self.pairs, strict=True))
        return float(1 - (output - target).square().mean() / target.var())

    def on_validation_epoch_end(self) -> None:
        self.log_score(self.r2())

    def on_test_epoch_end(self) -> None:
        self.log("test/r2", self.r2())

    on_test_epoch_start, test_step = on_validation_epoch_start, validation_step


class CurveProblem(Problem):
    name = "curve"
    score = Score(name="R²", title="validation R²", column="r2", maximise=True)
    figures = {"parameters": Figure(integer=True), "work": Figure(), "test_r2": Figure()}  # noqa: RUF012

    def module(self, network, data, recipe):
        return Fit(network, **recipe)


class Work:
    figure, figures, measures, budget_name = "work", ("work",), False, "budget of work"

    def cost(self, network, shape, known=None) -> Cost:
        return Cost("work", float(network.macs), said={"work": f"work {network.macs}"})

    def budget(self, limits, shape) -> float:
        return float(limits["max_work"])

    def describe(self, value, shape) -> str:
        return f"{value:g} multiply-adds"
