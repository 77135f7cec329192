"""A benchmark's tables as a page of the docs: with the command, the machine and the day that they are of."""

import argparse
import datetime
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from voxnas.records.identity import cpu_model

RECORDINGS = (".py", ".flac", ".wav", ".nam")  # said by their names, wherever they lie
WIDTH = 160


def page_option(parser: argparse.ArgumentParser) -> None:
    """`--page FILE`, as every benchmark has it that writes a page of the docs."""
    parser.add_argument("--page", type=Path, help="a page of the docs to write the tables to")


def told(options: argparse.Namespace) -> dict[str, Any]:
    """The options by name, for a file of results; a page is none of them."""
    return {name: value for name, value in vars(options).items() if name != "page"}


def show(tables: Table | Sequence[Table], page: Path | None, note: str = "") -> None:
    """Print the tables, and write them to the page, if there is one; see `write_page`."""
    each = [tables] if isinstance(tables, Table) else list(tables)
    for table in each:
        Console(width=WIDTH).print(table)
    if page is not None:
        write_page(each, page, note)


def write_page(tables: Table | Sequence[Table], path: Path, note: str = "") -> None:
    """Write the tables, each under its title; `note` says what else there is to know of them."""
    first, *rest = [tables] if isinstance(tables, Table) else tables
    parts = [f"# {first.title}", _caption(note), _rows(first)]
    for table in rest:
        parts += [f"## {table.title}", _rows(table)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _rows(table: Table) -> str:
    rows = [[str(column.header) for column in table.columns]]
    rows.append(["---:" if column.justify == "right" else "---" for column in table.columns])
    rows += zip(*(map(str, column.cells) for column in table.columns), strict=True)
    if table.show_footer:
        rows.append([str(column.footer) for column in table.columns])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def _caption(note: str) -> str:
    names = [Path(word).name if Path(word).suffix in RECORDINGS else word for word in _words(sys.argv)]
    script = _place(Path(sys.argv[0]).resolve())
    command = shlex.join(["python", f"benchmarks/{script}", *names[1:]])
    day = datetime.date.today().isoformat()
    return f"`{command}`, {day}, {cpu_model()}.{' ' + note if note else ''}"


def _place(script: Path) -> str:
    """Where a script lies among the benchmarks; its name, if it is none of them."""
    here = Path(__file__).resolve().parent
    return script.relative_to(here).as_posix() if script.is_relative_to(here) else script.name


def _words(arguments: Sequence[str]) -> Iterator[str]:
    """The command without the page, which says nothing of what is measured."""
    words = iter(arguments)
    for word in words:
        if word == "--page":
            next(words, None)
        elif not word.startswith("--page="):
            yield word
