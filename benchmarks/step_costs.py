"""How well a table of what single steps cost tells the cost of whole networks of cells.

    python benchmarks/step_costs.py [--networks 60] [--seed 0] [--block-size 64]

Every form of step that occurs in random networks of cells is timed by itself, and a network's prediction is
the sum over its steps, with the time of a call that does nothing. A concat is free; what a sum adds to
something that is worked out for it is free too, each further signal costs a pass. Beside that, a line
`offset + factor × sum` is fitted on every other network and judged on the rest. All in blocks at 48 kHz on
one thread; the figures are in logs/bench/step_costs.json as well.
"""

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from docs_page import page_option, show, told
from numpy.typing import NDArray
from rich.table import Table
from scipy.stats import spearmanr

from voxnas.engine.step_costs import Form, forms, step_costs, time_programs
from voxnas.kernels.graph import Step
from voxnas.models.cells.net import CellNet
from voxnas.models.cells.sizes import default_dilations
from voxnas.models.genotype import INPUTS, PRIMITIVES, Cell, CellGenotype, Edge
from voxnas.records.identity import cpu_flags, cpu_model
from voxnas.utils.files import write_text

RESULTS = Path(__file__).resolve().parents[1] / "logs/bench/step_costs.json"
WEIGHTED = ("conv", "avg_pool", "max_pool", "upsample")
NOTHING = [Step("avg_pool", (0,), 1, 1)]


def network(draw: random.Random) -> CellNet:
    """Of any size up to 20 cells of six nodes, two edges each."""
    nodes, layers = draw.choice((4, 4, 6)), draw.randint(3, 20)
    two = (random_cell(draw, nodes), random_cell(draw, nodes))
    channels, fanout = draw.choice((1, 2, 4, 8)), 4
    dilations = default_dilations(layers)
    return CellNet(CellGenotype(*two, dilations, channels, fanout_concat=fanout)).eval()


def random_cell(draw: random.Random, nodes: int) -> Cell:
    """A cell, two edges per node."""
    return tuple(
        tuple(Edge(draw.choice(PRIMITIVES[1:]), source) for source in draw.sample(range(INPUTS + i), 2))
        for i in range(nodes)
    )


def paid_forms(steps: Sequence[Step]) -> list[Form]:
    """What a program pays for, as the forms of the table."""
    found = []
    for step, form in zip(steps, forms(steps), strict=True):
        if step.kind in WEIGHTED:
            found.append(replace(form, dilation=1))
        elif step.kind == "add":
            ready = [n for n in step.inputs if n == 0 or steps[n - 1].kind not in WEIGHTED]
            alone = len(ready) == len(step.inputs)
            found += [form] * max(len(ready) - 1, int(alone))
    return found


def error(predicted: NDArray[np.float64], measured: NDArray[np.float64]) -> dict[str, float]:
    """Rank correlation and relative errors."""
    relative = np.abs(predicted / measured - 1)
    return {
        "spearman": float(spearmanr(predicted, measured)[0]),
        "median_error": float(np.median(relative)),
        "worst_error": float(relative.max()),
    }


def compare(sums: NDArray[np.float64], call_us: float, measured: NDArray[np.float64]) -> dict[str, Any]:
    """The sum as it is, and a line through it. Relative errors are what is fitted."""
    fit, kept = slice(0, None, 2), slice(1, None, 2)
    columns = np.stack([np.ones(len(sums)), sums], axis=1) / measured[:, None]
    offset, factor = np.linalg.lstsq(columns[fit], np.ones(len(sums))[fit], rcond=None)[0]
    return {
        "call + sum": error(call_us + sums, measured),
        f"{offset:.2f} µs + {factor:.2f} × sum": error(offset + factor * sums[kept], measured[kept]),
    }


def main() -> None:
    """Measure, compare, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--block-size", type=int, default=64)
    page_option(parser)
    options = parser.parse_args()
    draw = random.Random(options.seed)
    networks = [network(draw) for _ in range(options.networks)]
    programs = [net.program() for net in networks]
    paid = [paid_forms(steps) for steps in programs]
    known = sorted({form for each in paid for form in each}, key=str)
    table = dict(zip(known, step_costs(known, options.block_size), strict=True))
    call_us, *measured_us = time_programs([NOTHING, *programs], options.block_size)
    sums, measured = np.array([sum(table[form] for form in each) for each in paid]), np.array(measured_us)
    scores = compare(sums, call_us, measured)
    for name, values in (
        ("parameters", [net.num_parameters for net in networks]),
        ("multiply-adds", [net.macs_per_sample for net in networks]),
    ):
        scores[name] = {"spearman": float(spearmanr(values, measured)[0])}
    facts = {
        "cpu_model": cpu_model(),
        "cpu_flags": cpu_flags(),
        "call_us": call_us,
        **told(options),
    }
    rows = [{**asdict(form), "microseconds": cost} for form, cost in table.items()]
    figures = {"scores": scores, "predicted_us": sums.tolist(), "measured_us": measured_us, "table": rows}
    write_text(RESULTS, json.dumps({**facts, **figures}, indent=1) + "\n")
    show(table_of(scores, measured, len(known)), options.page)


def table_of(scores: dict[str, dict[str, float]], measured: NDArray[np.float64], known: int) -> Table:
    """The table."""
    low, high = measured.min(), measured.max()
    span = f"{low:.1f} to {high:.0f} µs per block"
    title = f"The cost of {len(measured)} networks of cells, {span}, by that of {known} steps"
    table = Table("predicted by", title=title)
    for heading in ("Spearman", "median error", "worst"):
        table.add_column(heading, justify="right")
    for name, score in scores.items():
        errors = [f"{score[key]:.1%}" if key in score else "" for key in ("median_error", "worst_error")]
        table.add_row(name, f"{score['spearman']:.4f}", *errors)
    return table


if __name__ == "__main__":
    main()
