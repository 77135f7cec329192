"""A benchmark's table as a page of the docs: with the command, the machine and the day that it is of."""

import datetime
import shlex
import sys
from pathlib import Path

from rich.table import Table

from voxnas.records.identity import cpu_model


def write_page(table: Table, path: Path, measured_elsewhere: str = "") -> None:
    """Write the table with its title; `measured_elsewhere` says what of it is of another machine."""
    rows = [[str(column.header) for column in table.columns]]
    rows.append(["---:" if column.justify == "right" else "---" for column in table.columns])
    rows += zip(*(map(str, column.cells) for column in table.columns), strict=True)
    lines = [f"| {' | '.join(cells)} |" for cells in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"# {table.title}\n\n{_caption(measured_elsewhere)}\n\n" + "\n".join(lines) + "\n")


def _caption(measured_elsewhere: str) -> str:
    names = [
        Path(word).name if Path(word).suffix in (".py", ".flac", ".wav", ".nam") else word
        for word in sys.argv
    ]
    script = Path(sys.argv[0]).resolve().relative_to(Path(__file__).resolve().parent).as_posix()
    command = shlex.join(["python", f"benchmarks/{script}", *names[1:]])
    day = datetime.date.today().isoformat()
    return f"`{command}`, {day}, {cpu_model()}.{' ' + measured_elsewhere if measured_elsewhere else ''}"
