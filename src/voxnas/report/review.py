"""A study looked at: its frontier, and what to recommend."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from voxnas.problems.base import Problem
from voxnas.problems.sections import Sections
from voxnas.records.collect import CONDITIONS, by_record_names, latest, with_columns
from voxnas.records.comparable import comparable
from voxnas.records.pareto import Objective, non_dominated, objective_values
from voxnas.report.picks import Pick, recommend
from voxnas.utils.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Review:
    """A study looked at.

    Args:
        problem: what the study is of.
        sections: the problem's part of the report.
        records: a row per run.
        compared: the same, with costs only where they compare.
        candidates: of these a row per candidate.
        mask: which candidates are on the frontier.
        objectives: of the frontier.
        picks: the recommendations.
        notices: lines about what was left out.
    """

    problem: Problem
    sections: Sections
    records: "pd.DataFrame"
    compared: "pd.DataFrame"
    candidates: "pd.DataFrame"
    mask: np.ndarray
    objectives: list[Objective]
    picks: list[Pick]
    notices: list[str]

    @property
    def frontier(self) -> "pd.DataFrame":
        """The frontier's rows, the best quality first, of equals the smaller."""
        sizes = [name for name in ("parameters",) if name in self.candidates]
        ascending = [not self.problem.score.maximise, *(True for _ in sizes)]
        return self.candidates[self.mask].sort_values(["score", *sizes], ascending=ascending)


def review(
    records: "pd.DataFrame",
    problem: Problem,
    objectives: Sequence[str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Review:
    """Find the frontier and what to recommend.

    An objective that no finished candidate has is left out with a notice, so that results without costs
    still have a frontier. Costs that were measured otherwise than most are not compared.

    Args:
        records: a row per run, as `load_results` has them.
        problem: what they are of.
        objectives: by name, see `Problem.objective`; None for the problem's usual ones.
        options: what the problem's sections take.

    Raises InputError for an objective that is no numeric column.
    """
    sections = problem.report(options)
    wanted = [
        problem.objective(str(text)) for text in (sections.objectives if objectives is None else objectives)
    ]
    if not wanted:
        raise InputError(f"objectives: name at least one column, such as {problem.score.column}")
    usual = [problem.objective(text).name for text in sections.objectives]
    records = by_record_names(records, problem.aliases)
    records = with_columns(
        records, [*problem.figures, *sections.figures, *usual, *CONDITIONS * bool(problem.costs)]
    )
    told = [*(o.name for o in wanted), *sections.table]
    compared, notices = comparable(records, problem.costs, list(dict.fromkeys(told)))
    candidates = latest(compared)
    used, mask, left_out = _frontier(candidates, wanted)
    picks = recommend(candidates, mask, used, problem, sections.choices)
    return Review(problem, sections, records, compared, candidates, mask, used, picks, [*left_out, *notices])


def _frontier(
    candidates: "pd.DataFrame", wanted: Sequence[Objective]
) -> tuple[list[Objective], np.ndarray, list[str]]:
    """The objectives that any record has, those on their frontier, and a line for each that is left out."""
    values = objective_values(candidates, wanted)
    known = np.isfinite(values).any(axis=0) | ~(candidates["status"] == "ok").any()
    used = [o for o, k in zip(wanted, known, strict=True) if k]
    notices = [
        f"objective {o.name}: no candidate has it, left out"
        for o, k in zip(wanted, known, strict=True)
        if not k
    ]
    if not used:
        return used, np.zeros(len(candidates), dtype=bool), notices
    return used, non_dominated(values[:, known], [o.direction for o in used]), notices
