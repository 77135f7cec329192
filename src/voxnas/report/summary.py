"""`summary.md`: what to take, what there is, what failed, and how it was measured."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from voxnas.problems.base import Problem
from voxnas.problems.sections import SideBySide
from voxnas.records.collect import rung_order
from voxnas.records.pareto import hypervolume, normalise, objective_values, reference_point
from voxnas.report import picks
from voxnas.report.frontier import frontier_table, links, rest
from voxnas.report.listening import HEADING as LISTENED
from voxnas.report.listening import Part
from voxnas.report.one_file import OneFile
from voxnas.report.review import Review
from voxnas.report.rungs import eliminations_rows
from voxnas.report.tables import ELIMINATIONS, markdown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

MAX_ROWS = 40  # per table; the CSV files have the rest
RECORDED = ("seed", "git_revision")
GROUPS = ("machine.", "versions.", "data.")
WIDTH = 107
PAGE = "[report.html](report.html), opened in a browser, shows all of this to look through, and plays models."


def summary(
    result: Review,
    eliminated: "pd.DataFrame",
    pictures: "Mapping[str, str]",
    output_dir: "Path",
    again: SideBySide | None = None,
    answer: str = "",
    plan: str = "",
    together: OneFile | None = None,
    listened: Sequence[Part] = (),
) -> str:
    """The report as Markdown, with links relative to `output_dir`.

    Args:
        result: the study, looked at.
        eliminated: rows of `eliminations`.
        pictures: file → what it shows.
        output_dir: where the report goes.
        again: the frontier measured side by side.
        answer: what the search was asked for, and got.
        plan: what it was planned to be.
        together: the frontier in one file.
        listened: what there is to say of listening.
    """
    studies = ", ".join(sorted(set(result.records["study"]) - {""}))
    parts = [
        f"# Search results: {studies or 'study'}",
        PAGE,
        *([f"**{answer.strip()}**"] if answer else []),
        _overview(result),
        *([plan] if plan else []),
        "## Recommendations",
        _recommendations(result, output_dir),
        "## Pareto frontier",
        frontier_table(result, output_dir, again or SideBySide(), MAX_ROWS),
        *(together or OneFile()).section(),
        *([LISTENED, *(part.text() for part in listened)] if listened else []),
        *(f"![{words}]({name})" for name, words in pictures.items()),
        "## Which rung each candidate left at",
        _eliminations(eliminated, result.problem),
        "## Failures and rejections",
        _unfinished(result.records),
        "## How it was measured",
        _measured(result),
        _meaning(result),
    ]
    return "\n\n".join(parts) + "\n"


def _overview(result: Review) -> str:
    records, objectives = result.records, result.objectives
    counts = records.groupby(["rung", "status"]).size().unstack(fill_value=0)
    counts = counts.loc[sorted(counts.index, key=rung_order)]
    rows = [[rung or "–", *map(str, row)] for rung, row in zip(counts.index, counts.to_numpy(), strict=True)]
    titles = [result.problem.figure(o.name).title for o in objectives]
    names = ", ".join(t + " (large is good)" * o.maximise for t, o in zip(titles, objectives, strict=True))
    lines = [
        f"{len(result.candidates)} candidates, {int(result.mask.sum())} of them on the Pareto frontier of"
        f" {names}: no other candidate is as good in all of these and better in one. Each counts with the"
        " last rung that it finished.",
        markdown(["rung", *counts.columns], rows, "l" + "r" * len(counts.columns)),
    ]
    return "\n\n".join([*lines, _hypervolume(result)] if result.mask.any() else lines)


def _hypervolume(result: Review) -> str:
    directions = [o.direction for o in result.objectives]
    scaled = normalise(objective_values(result.candidates, result.objectives), directions)
    reference = reference_point(scaled)
    share = hypervolume(scaled[result.mask], reference.tolist()) / np.prod(reference)
    return (
        f"Hypervolume: {share:.3f} of the box from the best of every objective to a tenth beyond the"
        " worst, each scaled to its range (in logarithm where it is positive)."
    )


def _recommendations(result: Review, output_dir: "Path") -> str:
    rows = []
    for pick in result.picks:
        if pick.row is None:
            rows.append([f"**{pick.title}**", "none", pick.why, "–", "–"])
            continue
        row = result.candidates.iloc[pick.row]
        why = "; ".join(filter(None, [pick.why, result.sections.remark(row)]))
        files = [links(row, kind, output_dir, result.sections) for kind in ("exports", "previews")]
        rows.append([f"**{pick.title}**", f"`{row['candidate']}`", why, *files])
    table = markdown(["", "candidate", "why", "exported", "listen"], rows)
    best = result.picks[0].row  # by quality
    words = "" if best is None else result.sections.words(result.candidates.iloc[best])
    return "\n\n".join(filter(None, [table, words]))


def _eliminations(eliminated: "pd.DataFrame", problem: Problem) -> str:
    header = ["candidate", "left at", problem.score.title, "why"]
    table = markdown(header, eliminations_rows(eliminated, problem, MAX_ROWS), "llrl")
    return table + rest(len(eliminated), MAX_ROWS, ELIMINATIONS)


def _unfinished(records: "pd.DataFrame") -> str:
    rows = records[records["status"] != "ok"]
    if rows.empty:
        return "None."
    columns = ["candidate", "rung", "status", "reason"]
    table = [[text or "–" for text in row] for row in rows[columns].head(MAX_ROWS).to_numpy()]
    return markdown(columns, table) + rest(len(rows), MAX_ROWS, "all_results.csv")


def _measured(result: Review) -> str:
    rows = measured_rows(result)
    return markdown(["what", "value"], rows) if rows else "The records do not say."


def measured_rows(result: Review) -> list[list[str]]:
    """The conditions that the finished runs share, or where they differ, the different ones."""
    runs = result.records[result.records["status"] == "ok"]
    names = [*result.sections.facts, *RECORDED, *(str(c) for c in runs.columns if str(c).startswith(GROUPS))]
    rows = [[name.replace(".", ": ").replace("_", " "), _values(runs[name])] for name in names]
    rows = [row for row in rows if row[1]]
    if runs["train_seconds"].notna().any():
        rows.append(["training, all runs", f"{runs['train_seconds'].sum() / 60:.1f} min"])
    return rows


def _values(column: "pd.Series") -> str:
    counts = column[column.notna() & (column != "")].value_counts()
    shown = ", ".join(f"{v:g}" if isinstance(v, float) else str(v) for v in counts.index[:3])
    return shown + (f" and {len(counts) - 3} more" if len(counts) > 3 else "")


def _meaning(result: Review) -> str:
    paragraphs = meaning_paragraphs(result)
    return "\n".join("- " + textwrap.indent(paragraph, "  ").lstrip() for paragraph in paragraphs)


def meaning_paragraphs(result: Review) -> list[str]:
    """The meaning of the figures and of the recommendations."""
    said = "; ".join([*(choice.meaning for choice in result.sections.choices), picks.MEANING]) + "."
    head, word = said[:2], said[2:]
    last = textwrap.fill(head + word[:1].upper() + word[1:], WIDTH)
    return [*result.sections.meaning(result.records), last]
