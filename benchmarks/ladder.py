"""Successive halving beside the two-phase grid: hypervolume against training time, and what rungs foretell.

    python benchmarks/ladder.py INPUT TARGET [TARGET ...] [--jobs 2] [--space poc]

On each pair the grid trains every candidate of the space for 50 epochs and the better half for 200 more. The
ladder searches the same candidates. A third study lets all candidates climb all rungs, which shows how well
each rung foretells the last: the rank correlation of validation ESR (Spearman). Cost is that of the streaming
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
from rich.console import Console
from rich.table import Table
from studies import LOGS, pair, records, script, seconds

from voxnas.engine.benchmark import side_by_side
from voxnas.engine.make import make_engine
from voxnas.models.build import build
from voxnas.records.pareto import hypervolume
from voxnas.records.record import Record

RESULTS = LOGS / "bench"
GRID = {"phase1": 50, "phase2": 200}
RUNGS, KEEP = [2, 8, 30, 120], 0.4
SECTIONS = ('data.train="0:60"', 'data.val="60:75"', 'data.test="75:90"')
BLOCK_SIZE = 64


def run_studies(source: str, target: str, space: str, jobs: int) -> dict[str, list[Record]]:
    """The three studies' runs."""
    data, name = pair(source, target, *SECTIONS), f"bench-ladder-{Path(target).stem}"
    grid, ladder, climbing = f"{name}-grid", f"{name}-ladder", f"{name}-all"
    again = [*data, "patience=null", "callbacks.preview=null"]
    common = [*again, f"space={space}"]
    epochs = {rung: f"trainer.max_epochs={count}" for rung, count in GRID.items()}
    script("train", "search=phase1", f"study={grid}", epochs["phase1"], *common, jobs=jobs)
    script("promote", f"study={grid}")
    again = [*data, "patience=null", "callbacks.preview=null"]
    script(
        "train", "search=phase2", f"study={grid}", f"trainer.max_epochs={GRID['phase2']}", *again, jobs=jobs
    )
    halving = ["search=ladder", "search.source=grid", f"search.rungs={RUNGS}".replace(" ", "")]
    script("train", *halving, f"search.keep={KEEP}", f"study={ladder}", *common, jobs=jobs)
    script("train", *halving, "search.keep=1000", f"study={climbing}", *common, jobs=jobs)
    return {kind: records(study) for kind, study in (("grid", grid), ("ladder", ladder), ("all", climbing))}


def costs(runs: Sequence[Record]) -> dict[str, float]:
    """Candidate → RTF of its architecture, all timed in turns in one go."""
    shapes = {run.candidate: run for run in runs}
    engines = [make_engine(build(run.architecture)) for run in shapes.values()]
    rates = [run.sample_rate or 48_000 for run in shapes.values()]
    return {n: t[0].rtf for n, t in zip(shapes, side_by_side(engines, rates, [BLOCK_SIZE]), strict=True)}


def curve(runs: Sequence[Record], cost: Mapping[str, float], box: np.ndarray) -> np.ndarray:
    """`(n, 2)` of training seconds and hypervolume, a share of the box from its best to its worst corner."""
    order = sorted(runs, key=lambda run: (run.finished or "", run.rung, run.candidate))
    points = np.log([[run.best_val_loss, cost[run.candidate]] for run in order])
    points = (points - box[0]) / (box[1] - box[0])
    spent = np.cumsum([run.train_seconds or 0.0 for run in order])
    volumes = [hypervolume(points[: count + 1], [1.1, 1.1]) / 1.21 for count in range(len(points))]
    return np.column_stack([spent, volumes])


def compare(studies: Mapping[str, list[Record]]) -> dict[str, Any]:
    """The curves, when the ladder reaches the grid's hypervolume, and the rungs' rank correlations."""
    from scipy.stats import spearmanr

    every = [run for runs in studies.values() for run in runs]
    cost = costs(every)
    points = np.log([[run.best_val_loss, cost[run.candidate]] for run in every])
    box = np.array([points.min(axis=0), points.max(axis=0)])
    curves = {kind: curve(studies[kind], cost, box) for kind in ("grid", "ladder")}
    goal = curves["grid"][-1, 1]
    there = curves["ladder"][curves["ladder"][:, 1] >= goal]
    last = f"rung{len(RUNGS)}"
    by_rung: dict[str, dict[str, float]] = {}
    for run in studies["all"]:
        by_rung.setdefault(run.rung, {})[run.candidate] = run.best_val_loss or np.inf
    names = sorted(by_rung[last])
    final = [by_rung[last][name] for name in names]
    return {
        "grid_seconds": seconds(studies["grid"]),
        "ladder_seconds": seconds(studies["ladder"]),
        "grid_hypervolume": goal,
        "ladder_hypervolume": curves["ladder"][-1, 1],
        "ladder_reaches_grid_after_seconds": float(there[0, 0]) if len(there) else None,
        "rank_correlation_with_last_rung": {
            rung: float(spearmanr([by_rung[rung][n] for n in names], final)[0]) for rung in sorted(by_rung)
        },
        "curves": {kind: points.tolist() for kind, points in curves.items()},
    }


def plot(found: Mapping[str, Any], path: Path) -> None:
    """Hypervolume against training time, both searches."""
    import matplotlib

    from voxnas.report import style

    with matplotlib.rc_context(style.RC):
        figure = style.new_figure()
        axes = figure.add_subplot(title="Ladder and grid", xlabel="training time (min)", ylabel="hypervolume")
        for (kind, points), colour in zip(found["curves"].items(), (style.INK, style.FRONTIER), strict=True):
            spent, volume = np.array(points).T
            axes.step([0, *spent / 60], [0, *volume], where="post", color=colour, lw=1.9, label=kind)
        axes.legend()
        style.save(figure, path)


def main() -> None:
    """Run what is missing, compare, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input")
    parser.add_argument("target", nargs="+")
    parser.add_argument("--space", default="poc")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    table = Table(title=f"Ladder {RUNGS}, keeping {KEEP:.0%}, beside the grid {list(GRID.values())}")
    for column in ("pair", "grid s", "ladder s", "reached after", "of the grid's", "HV grid", "HV ladder"):
        table.add_column(column, justify="right")
    table.add_column("rank correlation of each rung with the last")
    results = {}
    for target in options.target:
        found = compare(run_studies(options.input, target, options.space, options.jobs))
        name, reached = Path(target).stem, found["ladder_reaches_grid_after_seconds"]
        results[name] = found
        plot(found, RESULTS / f"ladder-{name}.png")
        when = (
            ("–", "–") if reached is None else (f"{reached:.0f} s", f"{reached / found['grid_seconds']:.2f}")
        )
        volumes = (f"{found['grid_hypervolume']:.3f}", f"{found['ladder_hypervolume']:.3f}")
        ranks = ", ".join(f"{r} {c:.2f}" for r, c in found["rank_correlation_with_last_rung"].items())
        table.add_row(
            name, f"{found['grid_seconds']:.0f}", f"{found['ladder_seconds']:.0f}", *when, *volumes, ranks
        )
    (RESULTS / "ladder.json").write_text(json.dumps(results, indent=1))
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
