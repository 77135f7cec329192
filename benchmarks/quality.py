"""This recipe beside that of the plug-in's trainer (neural-amp-modeler 0.13.0): same network, equal epochs.

    python benchmarks/quality.py INPUT TARGET [TARGET ...] [--models nano feather] [--epochs 100]
        [--seeds 0] [--jobs 2] [--peer-jobs 1] [--page docs/figures/quality.md]

Both train on 0–60 s of each pair and are validated on 60–75 s after every epoch; the weights of the best
epoch are tested on 75–90 s. The peer's side takes about half an hour per network without a GPU; it runs when
PEER_PYTHON names a Python that has it. What was measured once is kept in logs/bench/quality.json, of earlier
pairs too, and the table is of all in it. Both take the pair as it is, without correcting a delay.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

from docs_page import page_option, write_page
from own_speed import network
from rich.console import Console
from rich.table import Table
from studies import LOGS, ROOT, SECTIONS, duel, pair

from voxnas.problems.amp.problem import AmpProblem

RESULTS = LOGS / "bench/quality.json"
FIGURES = {"score": "validation", "test_esr": "test"}

Rows = dict[str, dict[str, Any]]  # by pair, model and epochs


def ours(target: str, models: Sequence[str], options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """What the default recipe makes of each model, a figure per seed."""
    shapes = {name: network(name, "torch").architecture() for name in models}
    data, study = pair(options.input, target, *SECTIONS), f"bench-quality-{Path(target).stem}"
    runs = duel(study, shapes, options.seeds, options.epochs, data, options.jobs)
    return {
        name: {figure: [run.value(figure) for run in each] for figure in (*FIGURES, "train_seconds")}
        for name, each in runs.items()
    }


def peer(source: str, target: str, model: str, epochs: int) -> dict[str, Any] | None:
    """What the peer's recipe makes of it, if it is installed somewhere."""
    python = os.environ.get("PEER_PYTHON")
    if not python:
        return None
    command = [python, str(ROOT / "benchmarks/peer/quality.py"), source, target, model, str(epochs)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    result: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    return result


def measure(options: argparse.Namespace, models: Sequence[str]) -> Rows:
    """The rows of all pairs so far, with what was not known yet; kept as soon as they are."""
    rows: Rows = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    writing = Lock()

    def keep(key: str, side: str, figures: Mapping[str, Any] | None) -> None:
        with writing:
            rows.setdefault(key, {})[side] = figures
            RESULTS.write_text(json.dumps(rows, indent=1))

    def run_peer(key: str, target: str, model: str) -> None:
        keep(key, "peer", peer(options.input, target, model, options.epochs))

    with ThreadPoolExecutor(options.peer_jobs) as pool:
        unknown = [of for of in _keys(options, models) if not rows.get(of[0], {}).get("peer")]
        waiting = [pool.submit(run_peer, *of) for of in unknown]
        for target in options.target:
            found = ours(target, models, options)
            for key, of, model in _keys(options, models):
                if of == target:
                    keep(key, "ours", found[model])
        for future in waiting:
            future.result()
    return rows


def _keys(options: argparse.Namespace, models: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    for target in options.target:
        for model in models:
            yield f"{Path(target).stem}/{model}/{options.epochs}", target, model


def table(rows: Rows) -> Table:
    """ESR of both with the ratio, and per model the ratios' geometric mean over the pairs."""
    shown = Table(title="Same network, equal epochs: ESR of this recipe and of the plug-in trainer's own")
    for column in ("pair", "model", "epochs"):
        shown.add_column(column, no_wrap=True)
    for figure in FIGURES.values():
        for column in (f"{figure}, ours", "peer", "ratio"):
            shown.add_column(column, justify="right", no_wrap=True)
    for key, row in rows.items():
        cells = list(key.split("/"))
        for figure in FIGURES:
            values, other = row["ours"][figure], (row.get("peer") or {}).get(figure)
            cells += [_mean(values), "–" if other is None else f"{other:.3g}", _ratio(row, figure)]
        shown.add_row(*cells)
    for model in dict.fromkeys(key.split("/")[1] for key in rows):
        of = [row for key, row in rows.items() if key.split("/")[1] == model and row.get("peer")]
        means = [f"{_geometric_mean(of, figure):.2f}" if of else "–" for figure in FIGURES]
        shown.add_row("geometric mean", model, "", "", "", means[0], "", "", means[1])
    return shown


def ratio(row: Mapping[str, Any], figure: str) -> float:
    """The mean of ours over the peer's."""
    return float(statistics.fmean(row["ours"][figure]) / row["peer"][figure])


def _geometric_mean(rows: Sequence[Mapping[str, Any]], figure: str) -> float:
    return math.exp(statistics.fmean(math.log(ratio(row, figure)) for row in rows))


def _ratio(row: Mapping[str, Any], figure: str) -> str:
    return f"{ratio(row, figure):.2f}" if row.get("peer") else "–"


def _mean(values: Sequence[float]) -> str:
    spread = f" ± {statistics.stdev(values):.2g}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.3g}{spread}"


def parser(description: str) -> argparse.ArgumentParser:
    """The options that this and a2.py share."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("input")
    made.add_argument("target", nargs="+")
    made.add_argument("--epochs", type=int, default=100)
    made.add_argument("--seeds", nargs="+", type=int, default=[0])
    made.add_argument("--jobs", type=int, default=2)
    made.add_argument("--peer-jobs", type=int, default=1, help="runs of the peer side by side")
    page_option(made)
    return made


def main() -> None:
    """Measure what is not known yet, and print the table."""
    arguments = parser((__doc__ or "").splitlines()[0])
    arguments.add_argument("--models", nargs="+", default=["nano", "feather"], choices=AmpProblem.presets)
    options = arguments.parse_args()
    rows = measure(options, options.models)
    if not os.environ.get("PEER_PYTHON"):
        print("peer not measured: set PEER_PYTHON")
    show(rows, options.page)


def show(rows: Rows, page: Path | None) -> None:
    """Print the table, and write it down."""
    Console(width=140).print(table(rows))
    if page is not None:
        write_page(table(rows), page, "ESR depends on epochs, not on the machine; the peer trained on a GPU.")


if __name__ == "__main__":
    main()
