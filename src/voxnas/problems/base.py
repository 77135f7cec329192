"""The contract of a problem: all that searches, records and reports do not know of what they work on."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import lightning.pytorch as pl
from torch import Tensor

from voxnas.records.pareto import Objective
from voxnas.utils.errors import InputError

Figures = dict[str, Any]  # by name; a figure is a number, or a truth value


@dataclass(frozen=True)
class Score:
    """The figure that decides, of the whole validation set at once.

    Every module logs it as `val/score`; records hold the best epoch's as `score`.

    Args:
        name: as a line of progress has it, such as "accuracy".
        title: as tables and axes have it, with its unit if it has one.
        column: of the tables that are written.
        maximise: whether a large one is good.
        words: limits with what a reader calls a score that is better than each, the best first.
        otherwise: what a reader calls one that is better than none of them.
    """

    name: str = "score"
    title: str = "validation score"
    column: str = "score"
    maximise: bool = False
    words: tuple[tuple[float, str], ...] = ()
    otherwise: str = ""

    @property
    def mode(self) -> str:
        """Its direction, "min" or "max", as checkpoints and early stopping take it."""
        return "max" if self.maximise else "min"

    def quality(self, value: float) -> str:
        """The reader's word for a score."""
        sign = -1 if self.maximise else 1
        return next((word for limit, word in self.words if sign * value < sign * limit), self.otherwise)


@dataclass(frozen=True)
class Figure:
    """Name and form of a figure of records.

    Args:
        title: in tables and on axes, with its unit; empty for its name.
        short: in a terminal's table; empty for the title.
        concept: what it stands for, in a plot's heading; empty for the title.
        axis: on axes, where that says more than the title.
        integer: whether it is a whole number.
        said: how a limit's reason has it, such as "{} parameters".
        digits: how tables write it, as of `format`; empty for three significant digits.
    """

    title: str = ""
    short: str = ""
    concept: str = ""
    axis: str = ""
    integer: bool = False
    said: str = ""
    digits: str = ""

    def say(self, name: str, value: float) -> str:
        """The figure in a sentence."""
        return self.said.format(value) if self.said else f"{name} {value:g}"


class DataModule(pl.LightningDataModule, ABC):
    """The data of a run, read on first use."""

    def adapt(self, network: Any) -> None:
        """Take from a network what suits it, such as how much past it wants; before the loaders are asked."""
        return

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """The record's `data`: `fingerprint`, `sections` and what else a reader wants to know.

        Raises InputError if the data cannot be used.
        """

    def facts(self) -> Figures:
        """Figures of the data that are known without reading it, such as a sample rate."""
        return {}

    def bilevel(self, choice_share: float, choice_batch_size: int | None) -> pl.LightningDataModule:
        """Data of a differentiable search: pairs of a batch for the weights and one for the choices.

        Args:
            choice_share: of what is trained on, for the choices.
            choice_batch_size: of their batches; None for that of the weights'.

        Raises InputError if the data cannot be used so.
        """
        raise InputError(f"{type(self).__name__} cannot be split for a differentiable search")


class Problem(ABC):
    """One kind of task: its data, its training, its score, its measures and its part of the report.

    Attributes:
        name: of its folder, its config and in records.
        score: what decides.
        figures: those of its records, beside what every record has, in the order in which tables have them.
        overview: the figures of `shape` that a preview of candidates shows.
        costs: those of `figures` that compare only where they were measured the same way.
        progress: the figures that a finished run's line shows beside the score, with their labels.
    """

    name: str
    score: Score
    figures: Mapping[str, Figure] = {}
    overview: Sequence[str] = ("parameters",)
    costs: Sequence[str] = ()
    progress: Mapping[str, str] = {}

    @property
    def aliases(self) -> Mapping[str, str]:
        """Names of figures that users know, and what records call them."""
        return {self.score.column: "score"}

    def objective(self, text: str) -> Objective:
        """An objective by the name of a figure: small is good, with a minus before it large.

        The score goes by its own direction, which a minus turns round.
        """
        given = Objective.parse(text)
        name = self.aliases.get(given.name, given.name)
        return Objective(name, given.maximise != (name == "score" and self.score.maximise))

    @abstractmethod
    def module(self, network: Any, data: Any, recipe: Mapping[str, Any]) -> pl.LightningModule:
        """LightningModule that trains a network; `recipe` has the parts of the config's `training`, built."""

    def shape(self, network: Any, data: Any) -> Figures:
        """Figures of a network that are known before training."""
        return {"parameters": network.num_parameters, **data.facts(), **network.summary()}

    def score_meter(self) -> "ScoreMeter":
        """Meter of the score of outputs, for a differentiable search. InputError where there is none."""
        raise InputError(f"problem={self.name} has no differentiable search")


class ScoreMeter(Protocol):
    """Score over a set of examples that comes in pieces."""

    def reset(self) -> None: ...

    def update(self, output: Tensor, target: Tensor) -> None: ...

    def compute(self) -> float: ...
