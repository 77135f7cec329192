"""The gallery of the docs: a search as picture, table and page that plays.

    python benchmarks/gallery.py [--input dry.wav --target amp.wav] [--epochs 12] [--page FILE]

Without recordings it is the search of `make nas-poc`, whose sounds the project makes itself: its frontier and
its report go to docs/gallery. With recordings it is a ladder of twelve networks of the plug-in's space; the
frontier alone is kept, for the page would hold the recordings. What is trained is not trained again.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
from docs_page import page_option, show
from rich.table import Table
from studies import LOGS, ROOT, records

FOLDER = ROOT / "docs/gallery"
PICTURE, PAGE = "quality_vs_plugin_rtf.png", "report.html"
LADDER = ("ladder", "--space", "plugin", "search.candidates=12", "search.rungs=[6,24]", "search.keep=4")
SECTIONS = ('data.train="0:30"', 'data.val="30:45"', 'data.test="45:60"')
COLUMNS = {
    "candidate": ("candidate", "{}"),
    "best_val_loss": ("validation ESR", "{:.4f}"),
    "test_esr": ("test ESR", "{:.4f}"),
    "plugin_rtf": ("share of a core in the plug-in", "{:.4f}"),
    "cpu_rtf": ("in our engine", "{:.4f}"),
    "parameters": ("weights", "{:,.0f}"),
    "latency_ms": ("looks back, ms", "{:.0f}"),
}


def search(study: str, *words: str) -> Path:
    """Run a command of `python -m voxnas`, as a user would; the report's folder."""
    command = [sys.executable, "-m", "voxnas", *words, "--study", study]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    subprocess.run(command, check=True, cwd=ROOT, env=environment)
    return LOGS / "nas" / study / "report"


def frontier(report: Path, title: str) -> Table:
    """The models that no other beats, the best-sounding first."""
    found = pd.read_csv(report / "pareto_frontier.csv").sort_values("best_val_loss")
    table = Table(title=title)
    for heading, _ in COLUMNS.values():
        table.add_column(heading, justify="left" if heading == "candidate" else "right")
    for _, row in found.iterrows():
        table.add_row(*(form.format(row[name]) for name, (_, form) in COLUMNS.items()))
    return table


def main() -> None:
    """Search, keep the picture and, of the demo, the page, and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--input")
    parser.add_argument("--target")
    parser.add_argument("--epochs", type=int, help="of the demo's second phase, if not as many as it has")
    parser.add_argument("--jobs", default="1", help="candidates trained side by side")
    page_option(parser)
    options = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    if options.input and options.target:
        files = ("--input", options.input, "--target", options.target)
        study, title = f"{Path(options.target).stem}-gallery", "The frontier of a small search on a capture"
        report = search(study, *LADDER, *files, *SECTIONS, "--jobs", options.jobs)
        shutil.copy(report / PICTURE, FOLDER / "capture.png")
    else:
        study, title = "demo-poc", "The frontier of the demo"
        brief = [f"epochs.phase2={options.epochs}"] if options.epochs else []
        report = search(study, "poc", "--jobs", options.jobs, *brief)
        shutil.copy(report / PICTURE, FOLDER / "demo.png")
        page = (report / PAGE).read_text(encoding="utf-8")
        (FOLDER / "demo.html").write_text(page.replace(f"{ROOT}/", ""), encoding="utf-8")  # no folder of ours
    show(
        frontier(report, title),
        options.page,
        f"Of {len({run.candidate for run in records(study)})} candidates.",
    )


if __name__ == "__main__":
    main()
