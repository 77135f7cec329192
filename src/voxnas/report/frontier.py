"""The frontier's table in `summary.md`."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from voxnas.problems.base import Figure, Score
from voxnas.problems.sections import Sections, SideBySide
from voxnas.report.review import Review
from voxnas.report.tables import cells, markdown

if TYPE_CHECKING:
    import pandas as pd


def frontier_table(result: Review, output_dir: Path, again: SideBySide, limit: int) -> str:
    """The frontier as Markdown, the best `limit` by quality, with links relative to `output_dir`."""
    frontier, problem = result.frontier, result.problem
    if frontier.empty:
        return "Empty: no candidate finished with every objective measured."
    shown = frontier.head(limit)
    names = list(dict.fromkeys([*result.sections.table, *(o.name for o in result.objectives)]))
    left = _left(shown, problem.score)
    figures = [
        [*row, *more] for row, more in zip(cells(shown, names, problem), _again(shown, again), strict=True)
    ]
    exports = [links(row, "exports", output_dir, result.sections) for _, row in shown.iterrows()]
    rows = [[*a, *b, c] for a, b, c in zip(left, figures, exports, strict=True)]
    first = ["candidate", "rung", *["quality"] * _has_words(problem.score)]
    header = [*first, *(problem.figure(name).title for name in names), *[again.title] * bool(again.rows)]
    align = "l" * len(first) + "r" * (len(header) - len(first))
    table = markdown([*header, "exported"], rows, align) + rest(len(frontier), limit, "pareto_frontier.csv")
    file = result.sections.side_by_side_table
    return table + ("\n\n" + again.words.replace("{table}", f"[{file}]({file})") if again.rows else "")


def _left(shown: "pd.DataFrame", score: Score) -> list[list[str]]:
    """The columns before the figures: name, rung, and the word for the score if there are such words."""
    rows = [[str(name), str(rung)] for name, rung in zip(shown["candidate"], shown["rung"], strict=True)]
    if not _has_words(score):
        return rows
    return [
        [*row, "–" if value != value else score.quality(value)]
        for row, value in zip(rows, shown["score"], strict=True)
    ]


def _has_words(score: Score) -> bool:
    return bool(score.words or score.otherwise)


def _again(shown: "pd.DataFrame", again: SideBySide) -> Sequence[Sequence[str]]:
    if not again.rows:
        return [[] for _ in shown["folder"]]
    return [[Figure().text(again.figures.get(folder))] for folder in shown["folder"]]


def links(row: "pd.Series", kind: str, output_dir: Path, sections: Sections) -> str:
    """A candidate's `exports` or `previews`, relative to the report; the problem's first formats first."""
    prefix = f"{kind}."
    files = {str(k).removeprefix(prefix): v for k, v in row.items() if str(k).startswith(prefix)}
    order = [*(name for name in sections.formats if name in files), *files]
    found = []
    for name in dict.fromkeys(order):
        if isinstance(files[name], str) and row["folder"]:
            path = Path(os.path.relpath(Path(row["folder"]) / files[name], output_dir.resolve())).as_posix()
            found.append(f"[{name}](<{path}>)")
    return ", ".join(found) or "none"


def rest(total: int, shown: int, file: str) -> str:
    """A line on where the rows are that a table does not show."""
    return f"\n\n… and {total - shown:,} more in [{file}]({file})." if total > shown else ""
