"""The contract of a problem: all that searches, records and reports do not know of what they work on."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from voxnas.problems.sections import Sections
from voxnas.records.pareto import Objective
from voxnas.utils.errors import InputError

if TYPE_CHECKING:  # a report on records needs no training library
    import lightning.pytorch as pl
    from torch import Tensor

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
        diverged: beyond which a score says nothing but that training diverged; plots end there.
    """

    name: str = "score"
    title: str = "validation score"
    column: str = "score"
    maximise: bool = False
    words: tuple[tuple[float, str], ...] = ()
    otherwise: str = ""
    diverged: float | None = None

    @property
    def mode(self) -> str:
        """Its direction, "min" or "max", as checkpoints and early stopping take it."""
        return "max" if self.maximise else "min"

    def quality(self, value: float) -> str:
        """The reader's word for a score."""
        sign = -1 if self.maximise else 1
        return next((word for limit, word in self.words if sign * value < sign * limit), self.otherwise)

    def text(self, value: Any) -> str:
        """A score in a table."""
        return Figure().text(value)


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

    def text(self, value: Any) -> str:
        """The figure in a table; a dash where there is none."""
        if value is None or value != value:
            return "–"
        if isinstance(value, bool | np.bool_):
            return "yes" if value else "no"
        if isinstance(value, str):
            return value
        if not math.isfinite(value):
            return "∞" if value > 0 else "-∞"
        if self.digits and not self.integer:
            return format(value, self.digits)
        return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:.3g}"


_OTHERS = {"train_seconds": Figure("training (s)")}  # of every record


class Problem(ABC):
    """One kind of task: its data, its training, its score, its measures and its part of the report.

    Attributes:
        name: of its folder, its config and in records.
        score: what decides.
        figures: those of its records, beside what every record has, in the order in which tables have them.
        overview: the figures of `shape` that a preview of candidates shows.
        costs: those of `figures` that compare only where they were measured the same way.
        progress: the figures that a finished run's line shows beside the score, with their labels.
        headline: columns that come first in tables that are written; empty for the score and the figures.
        presets: configs of `model` that users know, with which what is found has to compare.
        experience: files of runs that come with it, by name, for searches to learn from.
    """

    name: str
    score: Score
    figures: Mapping[str, Figure] = {}
    overview: Sequence[str] = ("parameters",)
    costs: Sequence[str] = ()
    progress: Mapping[str, str] = {}
    headline: Sequence[str] = ()
    presets: Sequence[str] = ()
    experience: Mapping[str, Path] = {}

    @property
    def aliases(self) -> Mapping[str, str]:
        """Names of figures that users know, and what records call them."""
        return {self.score.column: "score"}

    def column(self, name: str) -> str:
        """The name of a figure where it is written for others: the score has the problem's own."""
        return self.score.column if name == "score" else name

    def objective(self, text: str) -> Objective:
        """An objective by the name of a figure: small is good, with a minus before it large.

        The score goes by its own direction, which a minus turns round.
        """
        given = Objective.parse(text)
        name = self.aliases.get(given.name, given.name)
        return Objective(name, given.maximise != (name == "score" and self.score.maximise))

    @abstractmethod
    def module(self, network: Any, data: Any, recipe: Mapping[str, Any]) -> "pl.LightningModule":
        """LightningModule that trains a network; `recipe` has the parts of the config's `training`, built."""

    def shape(self, network: Any, data: Any) -> Figures:
        """Figures of a network that are known before training."""
        return {"parameters": network.num_parameters, **data.facts(), **network.summary()}

    def figure(self, name: str) -> Figure:
        """The names of any column of records: the score, one of `figures`, or another by its own name."""
        if name == "score":
            return Figure(self.score.title, f"val {self.score.name}", "quality", self.score.title)
        known = self.figures.get(name, _OTHERS.get(name, Figure()))
        title = known.title or name.replace("_", " ")
        short, concept, axis = (words or title for words in (known.short, known.concept, known.axis))
        return replace(known, title=title, short=short, concept=concept, axis=axis)

    def report(self, options: Mapping[str, Any] | None = None) -> Sections:
        """Its part of reports; of `options`, the user's, it takes those that it knows."""
        return Sections()

    def score_meter(self) -> "ScoreMeter":
        """Meter of the score of outputs, for a differentiable search. InputError where there is none."""
        raise InputError(f"problem={self.name} has no differentiable search")


class ScoreMeter(Protocol):
    """Score over a set of examples that comes in pieces."""

    def reset(self) -> None: ...

    def update(self, output: "Tensor", target: "Tensor") -> None: ...

    def compute(self) -> float: ...
