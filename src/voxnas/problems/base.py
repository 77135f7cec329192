"""The contract of a problem: all that searches, records and reports do not know of what they work on."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lightning.pytorch as pl
from torch import nn

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


class DataModule(pl.LightningDataModule, ABC):
    """The data of a run, read on first use."""

    @abstractmethod
    def adapt(self, network: Any) -> None:
        """Take from a network what suits it, such as how much past it wants; before the loaders are asked."""

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """The record's `data`: `fingerprint`, `sections` and what else a reader wants to know.

        Raises InputError if the data cannot be used.
        """


class Problem(ABC):
    """One kind of task: its data, its training, its score, its measures and its part of the report."""

    name: str
    score: Score

    @abstractmethod
    def module(self, network: nn.Module, data: DataModule, recipe: Mapping[str, Any]) -> pl.LightningModule:
        """What trains a network; `recipe` has the parts of the config's `training`, built."""

    @abstractmethod
    def shape(self, network: Any, data: DataModule) -> Figures:
        """The figures of a network that are known before training, such as `parameters`."""

    def overview(self) -> Sequence[str]:
        """The figures of `shape` that a preview of candidates shows."""
        return ("parameters",)
