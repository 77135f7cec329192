"""Results as CSV files, Markdown and terminal tables."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from voxnas.problems.base import Problem
from voxnas.records.collect import COLUMNS, CONDITIONS, INTEGERS, is_derived
from voxnas.utils.files import replacing

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

ELIMINATIONS = "departures.csv"  # which rung each candidate left at, and why


def write_csv(frame: "pd.DataFrame", path: Path, problem: Problem) -> None:
    """Write a table by the problem's names, folders relative to the file, nothing for what is unknown."""
    table = frame.copy()
    for name in [str(name) for name in table if name in INTEGERS or problem.figure(str(name)).integer]:
        if (table[name].dropna() % 1 == 0).all():
            table[name] = table[name].astype("Int64")
    here = path.parent.resolve()
    if "folder" in table:
        table["folder"] = [f and os.path.relpath(f, here).replace(os.sep, "/") for f in table["folder"]]
    names = written_names(table, problem)
    with replacing(path) as temporary:
        table.rename(columns=names).to_csv(temporary, index=False)


def in_order(records: "pd.DataFrame", problem: Problem) -> "pd.DataFrame":
    """Rows of records with the columns in the order in which they are written: the problem's headline first.

    The other fields of a record follow, other figures, parts of dictionaries and costs per block size by
    name, and the problem's name.
    """
    names = written_names(records, problem)
    by_written = {written: own for own, written in names.items()}
    usual = (problem.score.column, "best_train_loss", "best_epoch", *problem.figures)
    rest = [name for name in names.values() if not is_derived(name)]
    order = [
        *(problem.headline or usual),
        *(names.get(name, name) for name in COLUMNS if name != "problem"),
        *(name for name in rest if name not in CONDITIONS and name != "problem"),
        *CONDITIONS,
        *sorted(name for name in names.values() if is_derived(name)),
        "problem",
    ]
    return records[[by_written[name] for name in dict.fromkeys(order) if name in by_written]]


def written_names(frame: "pd.DataFrame", problem: Problem) -> dict[str, str]:
    """The names of a frame's columns in tables that are written."""
    searched = {"search.score": f"search.{problem.column('score')}"}
    return {str(name): searched.get(str(name), problem.column(str(name))) for name in frame}


def cells(frame: "pd.DataFrame", names: Sequence[str], problem: Problem) -> list[list[str]]:
    """The rows of `frame` as text, column by column of `names`."""
    figures = [problem.figure(name) for name in names]
    rows = frame[list(names)].itertuples(index=False)
    return [[figure.text(value) for figure, value in zip(figures, row, strict=True)] for row in rows]


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]], align: str = "") -> str:
    """A Markdown table; `align` has an `l` or `r` per column, left by default."""
    rule = ["---:" if side == "r" else "---" for side in align.ljust(len(header), "l")]
    lines = [header, rule, *([cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def terminal(frame: "pd.DataFrame", objectives: Sequence[str], problem: Problem, limit: int = 15) -> "Table":
    """The frontier as a table for the terminal, by quality; the best `limit` rows."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    more = f", the best {limit} by quality" if len(frame) > limit else ""
    heading = f"Pareto frontier ({len(frame)}){more}"
    table = Table(title=heading, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("candidate", overflow="fold", min_width=min(20, frame["candidate"].str.len().max() or 0))
    table.add_column("rung")
    names = list(dict.fromkeys(["score", *objectives]))
    for name in names:
        table.add_column(problem.figure(name).short, justify="right")
    for row in cells(frame.head(limit), ["candidate", "rung", *names], problem):
        table.add_row(*row)
    return table
