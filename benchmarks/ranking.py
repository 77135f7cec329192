"""How stable the native engine's ranking of candidates is, and how far others are from it.

    python benchmarks/ranking.py [--candidates 30] [--seed 0] [--engine-blocks 100]

Random WaveNets that the plug-in can load, with 1 to 3 arrays of 1 to 32 channels. The native engine ranks
them twice, each time in a process of its own and in another order; the rank correlation (Spearman) between
the two runs is what its figures can be trusted for. The same against the first run says how well PyTorch,
parameters, multiply-adds and the profile of the plug-in's engine stand in for it, with the share of pairs put
in the wrong order. The profile is of another engine on another CPU: it answers another question. All in
blocks of 64 samples at 48 kHz; the figures are in logs/bench/ranking.json as well.
"""

import argparse
import json
import multiprocessing
import random
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from docs_page import page_option, show, told
from rich.table import Table
from scipy.stats import kendalltau, spearmanr

from voxnas.engine.benchmark import side_by_side
from voxnas.engine.cost.profile import plugin_cost
from voxnas.engine.cost.steps import BUILDS, PLAIN, WITH_EXP
from voxnas.engine.make import make_engine
from voxnas.models.wavenet import WaveNet
from voxnas.records.identity import cpu_flags, cpu_model
from voxnas.utils.files import write_text

RATE, BLOCK_SIZE = 48_000, 64
RESULTS = Path(__file__).resolve().parents[1] / "logs/bench/ranking.json"
KERNELS, MAX_DILATION = (2, 3, 4, 5, 6, 8, 12, 16), 1024
ACTIVATIONS = sorted(PLAIN | WITH_EXP)
TARGET = 0.98


def candidates(count: int, seed: int) -> list[list[dict[str, Any]]]:
    """The layer arrays of random WaveNets, as arguments of `LayerArray.of`."""
    draw = random.Random(seed)
    return [_candidate(draw) for _ in range(count)]


def _candidate(draw: random.Random) -> list[dict[str, Any]]:
    widths = sorted((round(2 ** draw.uniform(0, 5)) for _ in range(draw.randint(1, 3))), reverse=True)
    shared = {"activation": draw.choice(ACTIVATIONS), "gating": "gated" if draw.random() < 1 / 8 else "none"}
    arrays = []
    for channels, head_size in zip(widths, [*widths[1:], 1], strict=True):
        base = draw.choice((2, 2, 3, 4))
        dilations = [min(base**i, MAX_DILATION) for i in range(draw.randint(2, 12))]
        array = {"channels": channels, "kernel_size": draw.choice(KERNELS), "dilations": dilations}
        arrays.append({**array, "head_size": head_size, **shared})
    return arrays


def cost(arrays: list[list[dict[str, Any]]], kind: str, order_seed: int, blocks: int) -> list[float]:
    """The RTF of each, all timed side by side in an order of their own."""
    order = np.random.default_rng(order_seed).permutation(len(arrays))
    engines = [make_engine(WaveNet(arrays[i], backend="torch"), kind) for i in order]
    timings = side_by_side(engines, [RATE] * len(engines), [BLOCK_SIZE], blocks)
    rtf = np.empty(len(arrays))
    rtf[order] = [timing.rtf for (timing,) in timings]
    return [float(value) for value in rtf]


def in_a_process(*arguments: Any) -> list[float]:
    """`cost` in a process that has done nothing else."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(cost, *arguments).result()


def compare(native: list[float], other: list[float]) -> dict[str, float]:
    """Rank correlation, and the share of pairs that the two put in opposite order."""
    return {
        "spearman": float(spearmanr(native, other)[0]),
        "wrong_pairs": float((1 - kendalltau(native, other)[0]) / 2),
    }


def main() -> None:
    """Measure, compare, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--candidates", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--engine-blocks", type=int, default=100, help="at least, per candidate and run")
    page_option(parser)
    options = parser.parse_args()
    arrays = candidates(options.candidates, options.seed)
    networks = [WaveNet(a, backend="torch") for a in arrays]
    figures: dict[str, list[float]] = {
        "native": in_a_process(arrays, "native", 1, options.engine_blocks),
        "native, again": in_a_process(arrays, "native", 2, options.engine_blocks),
        "PyTorch engine": in_a_process(arrays, "torch", 3, options.engine_blocks),
        "parameters": [float(n.num_parameters) for n in networks],
        "multiply-adds": [float(n.macs_per_sample) for n in networks],
    }
    for build in BUILDS:
        costs = [plugin_cost(n.architecture(), build) for n in networks]
        figures[f"profile, {build} build"] = [c.rtf for c in costs]
    native = figures["native"]
    scores = {name: compare(native, other) for name, other in figures.items() if name != "native"}
    facts = {
        "cpu_model": cpu_model(),
        "cpu_flags": cpu_flags(),
        "block_size": BLOCK_SIZE,
        "sample_rate": RATE,
    }
    content = {
        **facts,
        **told(options),
        "scores": scores,
        "figures": figures,
        "layer_arrays": arrays,
    }
    write_text(RESULTS, json.dumps(content, indent=1) + "\n")
    show(table_of(scores, native), options.page)
    print(verdict(scores))


def table_of(scores: dict[str, dict[str, float]], native: list[float]) -> Table:
    """The table."""
    span = f"RTF {min(native):.4f} to {max(native):.4f}"
    title = f"What ranks {len(native)} candidates as their native cost does, {span}"
    table = Table("ranked by", title=title)
    for heading in ("Spearman", "pairs in the wrong order"):
        table.add_column(heading, justify="right")
    for name, score in scores.items():
        table.add_row(name, f"{score['spearman']:.3f}", f"{score['wrong_pairs']:.1%}")
    return table


def verdict(scores: dict[str, dict[str, float]]) -> str:
    """Whether the native engine agrees with itself."""
    again = scores["native, again"]["spearman"]
    return f"two native runs agree at {again:.4f} ({'at least' if again >= TARGET else 'NOT'} {TARGET})"


if __name__ == "__main__":
    main()
