"""A problem's part of reports: the figures they show, what is recommended, its own pictures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Choice:
    """Rule by which a candidate is recommended, beside the best and the best balanced one.

    Args:
        title: such as "smallest".
        least: of rows of candidates, what the recommended one has the least of; NaN where out of question.
        why: of the row of the recommended one, what speaks for it.
        otherwise: of the row of the best by score, if there is one, why none qualifies.
        meaning: the rule in the words of the report's last lines.
    """

    title: str
    least: Callable[["pd.DataFrame"], np.ndarray]
    why: Callable[["pd.Series"], str]
    otherwise: Callable[["pd.Series | None"], str]
    meaning: str


@dataclass(frozen=True)
class Picture:
    """A picture of the problem's own.

    Args:
        file: its name in the report's folder.
        words: what it shows.
        draw: from the frontier's rows and the names of those that are recommended.
    """

    file: str
    words: str
    draw: Callable[["pd.DataFrame", Sequence[str]], "Figure"]


@dataclass(frozen=True)
class SideBySide:
    """Candidates of the frontier measured again in one go, so that their figures compare.

    Args:
        title: of the column that the frontier's table gets.
        figures: run's folder → what the column has.
        rows: of the table that is written.
        words: how it was done; `{table}` stands for that table.
        notices: lines about what could not be measured.
    """

    title: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    rows: Sequence[Mapping[str, Any]] = ()
    words: str = ""
    notices: Sequence[str] = ()


class Sections:
    """A problem's part of reports; as it stands, that of a problem which says nothing about them.

    Figures go by their names in records, the score by `score`.

    Attributes:
        objectives: of the frontier, as a user would give them.
        table: the figures that the frontier's table shows before those of other objectives.
        planes: pictures of candidates by two figures: file → horizontal and vertical axis.
        space: the figures of the one in three dimensions, the vertical last; None for no such picture.
        guides: figure → levels with a word, drawn as lines; those of the score are its words.
        choices: rules of further recommendations.
        pictures: of its own.
        facts: columns that say how finished runs were measured, beside what every record says of that.
        formats: of exports, those that links name first. Those of the frontier go into one file too where
            one of these formats has such files.
        perceptual: a figure that tells what is heard; the report compares its ranking with the score's.
        sounds: two previews of records that are sounds: what a network is given, and what it should answer.
            Where there are any, `report.html` plays the networks.
        side_by_side_table: file of what `side_by_side` measured.
    """

    objectives: Sequence[str] = ("score", "parameters")
    table: Sequence[str] = ("score",)
    planes: Mapping[str, tuple[str, str]] = {"score_vs_parameters.png": ("parameters", "score")}
    space: tuple[str, str, str] | None = None
    guides: Mapping[str, Sequence[tuple[float, str]]] = {}
    choices: Sequence[Choice] = ()
    pictures: Sequence[Picture] = ()
    facts: Sequence[str] = ()
    formats: Sequence[str] = ()
    perceptual: str = ""
    sounds: tuple[str, str] | None = None
    side_by_side_table: str = "side_by_side.csv"

    @property
    def figures(self) -> list[str]:
        """Every figure that it shows or goes by."""
        axes = [name for plane in (*self.planes.values(), self.space or ()) for name in plane]
        return list(dict.fromkeys([*self.table, *axes, *self.facts]))

    def architecture(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Choices of a network's architecture by names that readers know; lists and dictionaries may stay."""
        return {name.replace("_", " "): value for name, value in values.items() if name != "name"}

    def remark(self, row: "pd.Series") -> str:
        """A warning about a recommended candidate; empty where there is nothing to say."""
        return ""

    def words(self, best: "pd.Series") -> str:
        """A paragraph about the candidate of the best quality; empty where there is nothing to say."""
        return ""

    def side_by_side(self, frontier: "pd.DataFrame") -> SideBySide:
        """Measure the frontier's candidates again; empty where the problem cannot."""
        return SideBySide()

    def meaning(self, records: "pd.DataFrame") -> list[str]:
        """The meaning of the figures, a paragraph each."""
        return []
