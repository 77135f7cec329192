"""Successive halving beside the two-phase grid: hypervolume against training time, and what rungs foretell.

    python benchmarks/ladder.py INPUT TARGET [TARGET ...] [--jobs 2] [--space poc] [--large plugin]

On each pair the grid trains every candidate of the space, and the better half for longer. One ladder searches
the same candidates, another lets candidates evolve in a space that is too large for a grid, none dearer than
the grid's costliest. A last study lets all candidates of the grid climb all rungs, which shows how well each
rung foretells the last: the rank correlation of validation ESR (Spearman). Cost is that of the streaming
engine at blocks of 64, timed in turns once per architecture, so that all studies see the same. Hypervolume is
of ESR × cost in logarithm, within the box of all that was found. Studies that are there are not trained
again; the figures are in logs/bench/ladder.json, the curves in logs/bench/ladder-<target>.png.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from docs_page import page_option, show
from rich.table import Table
from studies import LOGS, pair, records, script

from voxnas.engine.benchmark import side_by_side
from voxnas.engine.make import make_engine
from voxnas.models.build import build
from voxnas.records.pareto import hypervolume
from voxnas.records.record import Record

RESULTS = LOGS / "bench"
GRID = {"phase1": 30, "phase2": 120}  # epochs
RUNGS, KEEP = [6, 20, 60], [6, 3]
LARGE = {"candidates": 24, "keep": [8, 4]}
SECTIONS = ('data.train="0:20"', 'data.val="60:75"', 'data.test="75:90"')
BLOCK_SIZE = 64
SEARCHES = {"grid": "grid", "ladder": "ladder, the same candidates", "large": "ladder, a large space"}


def run_studies(source: str, target: str, options: argparse.Namespace) -> dict[str, list[Record]]:
    """The four studies' runs."""
    name, jobs = f"bench-ladder-{Path(target).stem}", options.jobs
    data = [*pair(source, target, *SECTIONS), "patience=null", "callbacks.preview=null"]
    small = f"space={options.space}"
    study = {kind: f"{name}-{kind}" for kind in ("grid", "ladder", "large", "all")}

    def phase(name: str, *more: str) -> None:
        epochs = f"trainer.max_epochs={GRID[name]}"
        script("train", f"search={name}", f"study={study['grid']}", epochs, *more, *data, jobs=jobs)

    def climb(kind: str, keep: object, *more: str) -> None:
        rungs = [f"search.rungs={_list(RUNGS)}", f"search.keep={_list(keep)}", f"study={study[kind]}"]
        script("train", "search=ladder", *rungs, *more, *data, jobs=jobs)

    phase("phase1", small)
    script("promote", f"study={study['grid']}")
    phase("phase2")
    climb("ladder", KEEP, "search.source=grid", small)
    most = max(record.value("cpu_rtf") or 0.0 for record in records(study["grid"]))
    limit, count = f"constraints.max_cpu_rtf={most:.4f}", f"search.candidates={LARGE['candidates']}"
    climb("large", LARGE["keep"], "search.source=evolution", count, limit, f"space={options.large}")
    climb("all", 1000, "search.source=grid", small)
    return {kind: records(name) for kind, name in study.items()}


def _list(values: object) -> str:
    return str(values).replace(" ", "")


def costs(runs: Sequence[Record]) -> dict[str, float]:
    """Candidate → RTF of its architecture, all timed in turns in one go."""
    shapes = {run.candidate: run for run in runs}
    engines = [make_engine(build(run.architecture)) for run in shapes.values()]
    rates = [run.value("sample_rate") or 48_000 for run in shapes.values()]
    return {n: t[0].rtf for n, t in zip(shapes, side_by_side(engines, rates, [BLOCK_SIZE]), strict=True)}


def curve(runs: Sequence[Record], cost: Mapping[str, float], box: np.ndarray) -> np.ndarray:
    """`(n, 2)` of training seconds and hypervolume, a share of the box from its best to its worst corner."""
    order = sorted(runs, key=lambda run: (run.finished or "", run.rung, run.candidate))
    points = np.log([[run.score, cost[run.candidate]] for run in order])
    points = (points - box[0]) / (box[1] - box[0])
    spent = np.cumsum([run.train_seconds or 0.0 for run in order])
    volumes = [hypervolume(points[: count + 1], [1.1, 1.1]) / 1.21 for count in range(len(points))]
    return np.column_stack([spent, volumes])


def compare(studies: Mapping[str, list[Record]]) -> dict[str, Any]:
    """The curves, when the ladder reaches the grid's hypervolume, and the rungs' rank correlations."""
    from scipy.stats import spearmanr

    every = [run for runs in studies.values() for run in runs]
    cost = costs(every)
    points = np.log([[run.score, cost[run.candidate]] for run in every])
    box = np.array([points.min(axis=0), points.max(axis=0)])
    curves = {kind: curve(studies[kind], cost, box) for kind in SEARCHES}
    goal = curves["grid"][-1, 1]
    last = f"rung{len(RUNGS)}"
    by_rung: dict[str, dict[str, float]] = {}
    for run in studies["all"]:
        by_rung.setdefault(run.rung, {})[run.candidate] = run.score or np.inf
    names = sorted(by_rung[last])
    final = [by_rung[last][name] for name in names]
    return {
        "searches": {kind: _outcome(points, goal) for kind, points in curves.items()},
        "rank_correlation_with_last_rung": {
            rung: float(spearmanr([by_rung[rung][n] for n in names], final)[0]) for rung in sorted(by_rung)
        },
    }


def _outcome(points: np.ndarray, goal: float) -> dict[str, Any]:
    there = points[points[:, 1] >= goal]
    return {
        "seconds": float(points[-1, 0]),
        "hypervolume": float(points[-1, 1]),
        "reaches_grid_after_seconds": float(there[0, 0]) if len(there) else None,
        "curve": points.tolist(),
    }


def plot(found: Mapping[str, Any], path: Path) -> None:
    """Hypervolume against training time, both searches."""
    import matplotlib

    from voxnas.drawing import style

    with matplotlib.rc_context(style.RC):
        figure = style.new_figure()
        axes = figure.add_subplot(title="Ladder and grid", xlabel="training time (min)", ylabel="hypervolume")
        colours = (style.FAINT, style.INK, style.FRONTIER)
        for (kind, label), colour in zip(SEARCHES.items(), colours, strict=True):
            spent, volume = np.array(found["searches"][kind]["curve"]).T
            axes.step([0, *spent / 60], [0, *volume], where="post", color=colour, lw=1.9, label=label)
        axes.legend()
        style.save(figure, path)


def main() -> None:
    """Run what is missing, compare, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input")
    parser.add_argument("target", nargs="+")
    parser.add_argument("--space", default="poc")
    parser.add_argument("--large", default="plugin")
    parser.add_argument("--jobs", type=int, default=2)
    page_option(parser)
    options = parser.parse_args()
    RESULTS.mkdir(parents=True, exist_ok=True)
    table = Table(title=f"Ladders of {RUNGS} epochs beside the grid of {list(GRID.values())}")
    for column in ("pair", "search", "trained", "hypervolume", "reaches the grid's after", "of its time"):
        table.add_column(column, justify="right")
    results = {}
    for target in options.target:
        name, found = Path(target).stem, compare(run_studies(options.input, target, options))
        results[name] = found
        plot(found, RESULTS / f"ladder-{name}.png")
        for kind, row in found["searches"].items():
            reached, whole = row["reaches_grid_after_seconds"], found["searches"]["grid"]["seconds"]
            when = ("–", "–") if reached is None else (f"{reached:.0f} s", f"{reached / whole:.2f}")
            table.add_row(name, SEARCHES[kind], f"{row['seconds']:.0f} s", f"{row['hypervolume']:.3f}", *when)
        print(name, "rank correlation with the last rung:", found["rank_correlation_with_last_rung"])
    (RESULTS / "ladder.json").write_text(json.dumps(results, indent=1))
    show(table, options.page)


if __name__ == "__main__":
    main()
