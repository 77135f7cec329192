"""A toy problem, to hold the house to its word: a curve fitted by small MLPs, the coefficient of determination as
its score, of which a large one is good."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from voxnas.models.base import Network
from voxnas.models.build import register
from voxnas.problems.base import DataModule, Figure, Problem, Score
from voxnas.search.cost.base import Cost
from voxnas.training.module import TrainingModule


@register
class MLP(Network):
    def __init__(self, width: int, depth: int = 1, name: str = "mlp") -> None:
        super().__init__()
        self.width, self.depth, self.name = width, depth, name
        inner = [part for _ in range(depth) for part in (nn.Linear(width, width), nn.Tanh())]
        self.layers = nn.Sequential(nn.Linear(1, width), nn.Tanh(), *inner, nn.Linear(width, 1))

    def forward(self, x):
        return self.layers(x)

    @property
    def macs(self) -> int:
        return 2 * self.width + self.depth * self.width**2

    def architecture(self):
        return {"type": "MLP", "name": self.name, "width": self.width, "depth": self.depth}

    def summary(self):
        return {"width": self.width, "depth": self.depth}


class Curve(DataModule):
    def __init__(self, points: int = 64, seed: int = 0) -> None:
        super().__init__()
        x = torch.rand(3, points, 1, generator=torch.Generator().manual_seed(seed))
        self.parts = {name: (part, torch.sin(6 * part)) for name, part in zip(("fit", "val", "test"), x)}

    def adapt(self, network) -> None: ...

    def describe(self):
        return {"fingerprint": str(hash(float(self.parts["fit"][0].sum()))), "sections": {}}

    def loader(self, name: str):
        return DataLoader(TensorDataset(*self.parts[name]), batch_size=16)

    train_dataloader = lambda self: self.loader("fit")  # noqa: E731
    val_dataloader = lambda self: self.loader("val")  # noqa: E731
    test_dataloader = lambda self: self.loader("test")  # noqa: E731


class Fit(TrainingModule):
    def on_validation_epoch_start(self) -> None:
        self.pairs = []

    on_test_epoch_start = on_validation_epoch_start

    def validation_step(self, batch, _) -> None:
        self.pairs.append((self(batch[0]), batch[1]))

    test_step = validation_step

    def determination(self) -> float:
        output, target = (torch.cat(parts) for parts in zip(*self.pairs))
        return float(1 - (output - target).var() / target.var())

    def on_validation_epoch_end(self) -> None:
        self.log_score(self.determination())

    def on_test_epoch_end(self) -> None:
        self.log("test/r2", self.determination())


class CurveProblem(Problem):
    name = "curve"
    score = Score(name="R²", title="validation R²", column="r2", maximise=True)
    figures = {"parameters": Figure("weights", integer=True), "work": Figure("work"), "test_r2": Figure()}  # noqa: RUF012

    def module(self, network, data, recipe):
        return Fit(network, **recipe)

    def shape(self, network, data):
        return {"parameters": network.num_parameters, **network.summary()}


class Work:
    figure, figures, measures, budget_name = "work", ("work",), False, "budget of work"

    def cost(self, network, shape, known=None) -> Cost:
        return Cost("work", float(network.macs), said={"work": f"work {network.macs}"})

    def budget(self, limits, shape) -> float:
        return float(limits["max_work"])

    def describe(self, value, shape) -> str:
        return f"{value:g} multiply-adds"
