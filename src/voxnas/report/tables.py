"""Results as CSV files, Markdown and terminal tables."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from voxnas.records.collect import INTEGERS
from voxnas.report.figures import text, title
from voxnas.utils.files import replacing

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

DEPARTURES = "departures.csv"  # which rung each candidate left at, and why
TIMINGS = "frontier_cpu.csv"  # of models timed side by side
FIGURES = ["best_val_loss", "test_esr", "latency_ms", "parameters", "cpu_rtf"]
SHORT = {  # for the terminal, where width is dear
    "best_val_loss": "val ESR",
    "latency_ms": "latency ms",
    "parameters": "weights",
    "cpu_rtf": "CPU RTF",
}


def write_csv(frame: "pd.DataFrame", path: Path) -> None:
    """Write rows of records, with folders relative to the file and nothing for what is unknown."""
    table = frame.copy()
    for name in [name for name in INTEGERS if name in table]:
        if (table[name].dropna() % 1 == 0).all():
            table[name] = table[name].astype("Int64")
    here = path.parent.resolve()
    if "folder" in table:
        table["folder"] = [f and os.path.relpath(f, here).replace(os.sep, "/") for f in table["folder"]]
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False)


def columns(objectives: Iterable[str]) -> list[str]:
    """The figures a table shows: the usual ones, then objectives that are not among them."""
    return [*FIGURES, *(name for name in objectives if name not in FIGURES)]


def cells(frame: "pd.DataFrame", names: list[str]) -> list[list[str]]:
    """The rows of `frame` as text, column by column of `names`."""
    return [
        [text(n, v) for n, v in zip(names, row, strict=True)] for row in frame[names].itertuples(index=False)
    ]


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]], align: str = "") -> str:
    """A Markdown table; `align` has an `l` or `r` per column, left by default."""
    rule = ["---:" if side == "r" else "---" for side in align.ljust(len(header), "l")]
    lines = [header, rule, *([cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def terminal(frame: "pd.DataFrame", objectives: Sequence[str], limit: int = 15) -> "Table":
    """The frontier as a table for the terminal, by quality; the best `limit` rows."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    more = f", the best {limit} by quality" if len(frame) > limit else ""
    heading = f"Pareto frontier ({len(frame)}){more}"
    table = Table(title=heading, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("candidate", overflow="fold", min_width=min(20, frame["candidate"].str.len().max() or 0))
    table.add_column("rung")
    names = list(dict.fromkeys(["best_val_loss", *objectives]))
    for name in names:
        table.add_column(SHORT.get(name, title(name)), justify="right")
    for row in cells(frame.head(limit), ["candidate", "rung", *names]):
        table.add_row(*row)
    return table
