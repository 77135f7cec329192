"""Speed of a training step, forward and backward: native code beside PyTorch and beside what the CPU can do.

    python benchmarks/train_kernel.py [--channels 2 4 8 16 32] [--threads 2] [--repeats 7] [--into PATH]

One step is a batch of 16 × 8,192 samples through 8 layers of kernel 3. Both backends take turns, so that
other load on the machine meets both. GFLOPS count two operations per multiply-add that the result needs,
three times (output, gradient of the weights, gradient of the input); the peak is multiply-adds on registers
alone, on one core, times the threads. Medians are what other load leaves; minima are what the code can do.
"""

import argparse
import ctypes
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from docs_page import page_option, show
from own_speed import now
from rich.table import Table

from voxnas.kernels.build import load
from voxnas.models.conv import CausalConv
from voxnas.models.wavenet import WaveNet, stack

BATCH, SAMPLES, LAYERS = 16, 8192, 8
PEAK_ROUNDS = 500_000  # 1.5 ms: short enough to be left alone on a busy machine


def seconds(run: Callable[[], Any]) -> float:
    """How long one call takes; CPU time on one thread."""
    start = now()
    run()
    return now() - start


def peak_gflops(repeats: int = 50) -> float:
    """What one core reaches at most."""
    library = load("peak.cpp")
    library.voxnas_multiply_adds.restype = ctypes.c_double
    factor = ctypes.c_float(0.5)
    best = 0.0
    for _ in range(repeats):
        start = time.perf_counter()
        count = library.voxnas_multiply_adds(ctypes.c_int64(PEAK_ROUNDS), ctypes.byref(factor))
        best = max(best, 2 * count / (time.perf_counter() - start) / 1e9)
    return best


def multiply_adds(net: WaveNet) -> int:
    """Of one forward pass: every convolution, on as many samples as the output needs of it."""
    total, samples = 0, SAMPLES + net.receptive_field - 1
    for module in net.modules():  # in the order of the signal
        if isinstance(module, CausalConv):
            samples -= module.past_samples
            total += BATCH * samples * module.macs
    return total


def measure(channels: int, repeats: int, peak: float) -> dict[str, float]:
    """Both backends in turn."""
    torch.manual_seed(0)
    net = stack(LAYERS, channels)
    x = torch.randn(BATCH, 1, SAMPLES + net.receptive_field - 1)
    dy = torch.randn(BATCH, 1, SAMPLES)

    def step(backend: str) -> None:
        net.backend = backend
        net.zero_grad()
        net(x).backward(dy)

    times: dict[str, list[float]] = {"native": [], "torch": []}
    for repeat in range(repeats + 1):
        for backend, found in times.items():
            taken = seconds(lambda backend=backend: step(backend))  # type: ignore[misc]
            if repeat:  # the first one builds, and fills the caches
                found.append(taken)
    native, other = (statistics.median(found) * 1000 for found in times.values())
    native_min, other_min = (min(found) * 1000 for found in times.values())
    gflops = 6 * multiply_adds(net) / native_min / 1e6
    return {
        "channels": channels,
        "native_ms": native,
        "torch_ms": other,
        "ratio": other / native,
        "native_min_ms": native_min,
        "torch_min_ms": other_min,
        "ratio_min": other_min / native_min,
        "native_gflops": gflops,
        "torch_gflops": 6 * multiply_adds(net) / other_min / 1e6,
        "share_of_peak": gflops / peak,
    }


def table_of(rows: list[dict[str, float]], title: str) -> Table:
    """The table; times are medians, in brackets minima; GFLOPS are of the minima."""
    table = Table(title=title)
    for name in (
        "channels",
        "native ms",
        "PyTorch ms",
        "ratio",
        "native GFLOPS",
        "of peak",
        "PyTorch GFLOPS",
    ):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            f"{row['channels']}",
            f"{row['native_ms']:.1f} ({row['native_min_ms']:.1f})",
            f"{row['torch_ms']:.0f} ({row['torch_min_ms']:.0f})",
            f"{row['ratio']:.1f} ({row['ratio_min']:.1f})",
            f"{row['native_gflops']:.0f}",
            f"{row['share_of_peak']:.0%}",
            f"{row['torch_gflops']:.0f}",
        )
    return table


def main() -> None:
    """Measure each width and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--channels", type=int, nargs="+", default=[2, 3, 4, 6, 8, 12, 16, 20, 24, 32])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--into", type=Path, help="a JSON file that the results become a part of")
    page_option(parser)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    peak = peak_gflops() * options.threads
    rows = [measure(channels, options.repeats, peak) for channels in options.channels]
    title = f"Forward and backward, {LAYERS} layers, threads: {options.threads}, peak {peak:.0f} GFLOPS"
    show(table_of(rows, title), options.page, "Of CPU time." if options.threads == 1 else "")
    if options.into:
        known = json.loads(options.into.read_text()) if options.into.exists() else {}
        known["kernel"] = {"threads": options.threads, "peak_gflops": peak, "rows": rows}
        options.into.parent.mkdir(parents=True, exist_ok=True)
        options.into.write_text(json.dumps(known, indent=1) + "\n")


if __name__ == "__main__":
    main()
