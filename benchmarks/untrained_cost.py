"""How well the cost that limits ask for ranks, what it takes to measure, what a loaded machine does to it.

    python benchmarks/untrained_cost.py [--candidates 30] [--seed 0] [--load 2]

Random candidates of the space of the plug-in's WaveNets are timed side by side at length; then each for
itself and once, untrained, as a search does it, twice over. With `--load` so many processes train networks
beside the second time, as in a search of several candidates at a time. Rank correlation (Spearman) with the
long measurement, ratio to it, and the time that one takes, all in blocks of 64 samples at 48 kHz; the
figures are in logs/bench/untrained_cost.json as well.
"""

import argparse
import json
import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from docs_page import page_option, show, told
from rich.table import Table
from scipy.stats import spearmanr
from studies import cost_meter

from voxnas.engine.benchmark import side_by_side
from voxnas.engine.make import make_engine
from voxnas.models.base import StreamingNetwork
from voxnas.models.build import build
from voxnas.models.wavenet import stack
from voxnas.records.identity import cpu_flags, cpu_model
from voxnas.search.cost.reference import reference_model
from voxnas.search.spaces.choosers import RandomChooser
from voxnas.search.spaces.plugin import PluginSpace
from voxnas.utils.files import write_text

RATE, BLOCK_SIZE = 48_000, 64
RESULTS = Path(__file__).resolve().parents[1] / "logs/bench/untrained_cost.json"


def train(ready: "multiprocessing.synchronize.Event") -> None:
    """Trains a network for ever."""
    torch.set_num_threads(1)
    network = stack(8, 16)
    x = torch.randn(16, 1, 8192 + network.receptive_field - 1)
    ready.set()
    while True:
        network(x).square().mean().backward()


@contextmanager
def busy_machine(processes: int) -> Iterator[None]:
    """That many trainings beside what happens meanwhile."""
    context = multiprocessing.get_context("spawn")
    events = [context.Event() for _ in range(processes)]
    load = [context.Process(target=train, args=(event,), daemon=True) for event in events]
    for process in load:
        process.start()
    for event in events:
        event.wait()
    try:
        yield
    finally:
        for process in load:
            process.kill()


def at_length(networks: Sequence[StreamingNetwork]) -> list[float]:
    """The RTF of each, all in turns."""
    engines = [make_engine(network) for network in networks]
    return [t.rtf for (t,) in side_by_side(engines, [RATE] * len(engines), [BLOCK_SIZE])]


def in_a_search(networks: Sequence[StreamingNetwork]) -> tuple[list[float], list[float]]:
    """The RTF of each as a limit asks for it, nothing cached; and the ms that each took."""
    meter, rtfs, times_ms = cost_meter(BLOCK_SIZE), [], []
    for network in networks:
        start = time.perf_counter()
        rtfs.append(meter.measure(network, RATE))
        times_ms.append(1000 * (time.perf_counter() - start))
    unit = reference_model(meter.reference, RATE, BLOCK_SIZE, "auto").least
    return [rtf * unit for rtf in rtfs], times_ms


def main() -> None:
    """Measure, compare, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--candidates", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--load", type=int, default=0, help="processes that train beside the second time")
    page_option(parser)
    options = parser.parse_args()
    torch.set_num_threads(1)
    choosers = [RandomChooser([options.seed, number]) for number in range(options.candidates)]
    networks = [build(PluginSpace().architecture(choose)) for choose in choosers]
    long = at_length(networks)
    first = in_a_search(networks)
    with busy_machine(options.load):
        second = in_a_search(networks)
    rows = {"at length, again": (at_length(networks), None), "once": first}
    rows[f"again, {options.load} trainings beside"] = second
    facts = {"cpu_model": cpu_model(), "cpu_flags": cpu_flags(), "load_average": os.getloadavg()[0]}
    content = {**facts, **told(options), "at length": long, "others": rows}
    write_text(RESULTS, json.dumps(content, indent=1) + "\n")
    title = f"Cost on untrained weights: {len(networks)} candidates, RTF {min(long):.4f} to {max(long):.4f}"
    table = Table("measured", title=title)
    for heading in ("Spearman", "ratio: median", "lowest", "highest", "ms: median", "most"):
        table.add_column(heading, justify="right")
    for name, (rtfs, times_ms) in rows.items():
        ratios = np.array(rtfs) / long
        took = [f"{np.median(times_ms):.0f}", f"{max(times_ms):.0f}"] if times_ms else ["", ""]
        figures = [f"{f(ratios):.3f}" for f in (np.median, np.min, np.max)]
        table.add_row(name, f"{spearmanr(long, rtfs)[0]:.4f}", *figures, *took)
    show(table, options.page, "Beside a long measurement of the same.")
    print(f"the two quick ones agree at {spearmanr(first[0], second[0])[0]:.4f}")


if __name__ == "__main__":
    main()
