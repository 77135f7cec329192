"""Streaming cost on one thread: native code beside PyTorch and beside what the CPU can do.

    python benchmarks/engine.py [--rounds 5] [--seconds 0.1]

Stacks of 8 layers of kernel 3 and the four presets, at 48 kHz, block by block. Both engines take turns, so
that other load on the machine meets both. RTF is the share of a block's duration, the median of the rounds;
the spread is from the least to the greatest of them. GFLOPS count two operations per multiply-add of the
network and nothing for its activations; the peak is multiply-adds on registers alone. The time of a block
holds the call from Python, about 1 µs. All figures are in logs/bench/engine.json as well.
"""

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

import torch
from docs_page import page_option, show, told
from own_speed import network
from rich.table import Table
from train_kernel import peak_gflops

from voxnas.engine.base import StreamingEngine
from voxnas.engine.benchmark import benchmark, cpu_model, one_thread
from voxnas.engine.make import make_engine

RATE = 48_000
BLOCK_SIZES = (64, 512)
ENGINES = ("native", "torch")
CHANNELS = (2, 3, 4, 6, 8, 12, 16, 20, 24, 32)
MODELS = (*(f"8x{channels}" for channels in CHANNELS), "standard", "lite", "feather", "nano")
RESULTS = Path(__file__).resolve().parents[1] / "logs/bench/engine.json"


def rtf(engine: StreamingEngine, block_size: int, seconds: float) -> float:
    """One measurement."""
    return benchmark(engine, RATE, block_size, blocks=50, min_seconds=seconds).rtf


def measure(model: str, rounds: int, seconds: float) -> dict[str, Any]:
    """One model in both engines and block sizes, in turn."""
    torch.manual_seed(0)
    net = network(model, "torch")
    row: dict[str, Any] = {"model": model, "parameters": net.num_parameters, "macs": net.macs_per_sample}
    engines = {kind: make_engine(net, kind) for kind in ENGINES}
    for size in BLOCK_SIZES:
        found = [{kind: rtf(engines[kind], size, seconds) for kind in ENGINES} for _ in range(rounds)]
        figures: dict[str, Any] = {
            kind: {"rtf": statistics.median(all_rounds), "rounds": all_rounds}
            for kind in ENGINES
            for all_rounds in [[one[kind] for one in found]]
        }
        for kind in ENGINES:
            figures[kind]["gflops"] = 2 * net.macs_per_sample * RATE / figures[kind]["rtf"] / 1e9
        figures["times_faster"] = statistics.median(one["torch"] / one["native"] for one in found)
        row[f"block_{size}"] = figures
    return row


def table_of(rows: list[dict[str, Any]], title: str) -> Table:
    """The table."""
    table = Table(title=title)
    for name in ("model", "block", "RTF", "spread", "GFLOPS", "of peak", "PyTorch", "times"):
        table.add_column(name, justify="left" if name == "model" else "right", no_wrap=True)
    for row in rows:
        for size in BLOCK_SIZES:
            figures = row[f"block_{size}"]
            native, other = figures["native"], figures["torch"]
            spread = (max(native["rounds"]) - min(native["rounds"])) / native["rtf"]
            table.add_row(
                row["model"] if size == BLOCK_SIZES[0] else "",
                f"{size}",
                f"{native['rtf']:.5f}",
                f"{spread:.0%}",
                f"{native['gflops']:.0f}",
                f"{figures['share_of_peak']:.0%}",
                f"{other['rtf']:.3f}",
                f"{figures['times_faster']:.0f}",
            )
    return table


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.1, help="per measurement")
    page_option(parser)
    options = parser.parse_args()
    rows, peak = [], 0.0
    for model in MODELS:
        rows.append(measure(model, options.rounds, options.seconds))
        with one_thread():  # again and again, since other load can only make it look less
            peak = max(peak, peak_gflops(repeats=20))
    for row in rows:
        for size in BLOCK_SIZES:
            figures = row[f"block_{size}"]
            figures["share_of_peak"] = figures["native"]["gflops"] / peak
    title = f"Streaming at {RATE} Hz, one thread, beside a peak of {peak:.0f} GFLOPS"
    show(table_of(rows, title), options.page)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    facts = {
        "cpu_model": cpu_model(),
        "sample_rate": RATE,
        "peak_gflops": peak,
        **told(options),
    }
    RESULTS.write_text(json.dumps({**facts, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
