"""Speed of training by family, forward and backward: native code beside PyTorch.

    python benchmarks/family_kernel.py [--kinds LSTM GRU TCN] [--sizes 8 16 24 40] [--samples 8192]
        [--threads 2] [--repeats 3] [--into PATH]

A size is the units of a recurrent network or of a LACTOSE's layers, the channels of a TCN, ConvNet,
Transformer or StateSpace, the taps of a Linear. One step is a batch of 8 segments of 8,192 samples, behind a
warm-up of 1,024 or what the network looks back on. PyTorch takes state trajectories a sample at a time. Both
backends take turns in one process, so that other load on the machine meets both; times are medians, in
brackets minima. Then both train the same network on the same segments of noise through a clipper with a
memory, to an ESR after equal steps.
"""

import argparse
import json
import statistics
from pathlib import Path

import torch
from docs_page import page_option, show
from own_speed import now
from rich.table import Table

from voxnas.models.base import StreamingNetwork
from voxnas.models.build import build

BATCH, SAMPLES, WARM_UP = 8, 8192, 1024
BACKENDS = ("native", "torch")
STEPS, TRAINED_SAMPLES, TRAINED_WARM_UP = 50, 256, 64
SIZES = {
    "TCN": "channels",
    "ConvNet": "channels",
    "Transformer": "channels",
    "StateSpace": "channels",
    "Linear": "taps",
}  # of the others hidden_size
WARMED_UP = ("LSTM", "GRU", "StateTrajectory", "StateSpace")
COLUMNS = ("network", "native ms", "PyTorch ms", "ratio", "ratio of minima", "ESR native", "ESR PyTorch")


def network(kind: str, size: int, backend: str, warm_up: int = WARM_UP) -> StreamingNetwork:
    """The network, with the same weights each time."""
    torch.manual_seed(0)
    sizes = {SIZES.get(kind, "hidden_size"): size}
    if kind in WARMED_UP:
        sizes["warm_up"] = warm_up
    net: StreamingNetwork = build({"type": kind, **sizes, "backend": backend})
    return net


def speed(kind: str, size: int, repeats: int, samples: int) -> dict[str, dict[str, float]]:
    """Milliseconds of a step of either backend, in turn."""
    nets = {backend: network(kind, size, backend) for backend in BACKENDS}
    past = nets["native"].receptive_field - 1
    x, dy = torch.randn(BATCH, 1, past + samples), torch.randn(BATCH, 1, samples)
    times: dict[str, list[float]] = {backend: [] for backend in BACKENDS}
    for repeat in range(repeats + 1):
        for backend, net in nets.items():
            start = now()
            net.zero_grad()
            net(x).backward(dy)
            if repeat:  # the first one builds, and fills the caches
                times[backend].append(1000 * (now() - start))
    return {b: {"median_ms": statistics.median(found), "min_ms": min(found)} for b, found in times.items()}


def esr(kind: str, size: int, backend: str) -> float:
    """Of the last tenth of so many steps of Adam."""
    net = network(kind, size, backend, TRAINED_WARM_UP)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    random = torch.Generator().manual_seed(1)
    found = []
    for _ in range(STEPS):
        x = 0.5 * torch.randn(BATCH, 1, net.receptive_field - 1 + TRAINED_SAMPLES, generator=random)
        smooth = torch.nn.functional.avg_pool1d(x, 4, 1)
        y = torch.tanh(3 * smooth[..., -TRAINED_SAMPLES:])
        loss = (net(x) - y).square().sum() / y.square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(float(loss.detach()))
    return statistics.mean(found[-STEPS // 10 :])


def main() -> None:
    """Measure each size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kinds", nargs="+", default=["LSTM", "GRU", "TCN"])
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--sizes", type=int, nargs="+", default=[8, 16, 24, 40])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--into", type=Path, help="a JSON file that the results become a part of")
    page_option(parser)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    title = f"Forward and backward of {BATCH} × {options.samples} samples, threads: {options.threads}"
    table = Table(title=title)
    for name in COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    rows = []
    for kind in options.kinds:
        for size in options.sizes:
            times = speed(kind, size, options.repeats, options.samples)
            native, other = times["native"], times["torch"]
            ratios = [other[key] / native[key] for key in ("median_ms", "min_ms")]
            ends = {backend: esr(kind, size, backend) for backend in BACKENDS}
            rows.append({"kind": kind, "size": size, **times, "ratio": ratios[0], "esr": ends})
            table.add_row(
                f"{kind} {size}",
                *(f"{side['median_ms']:.1f} ({side['min_ms']:.1f})" for side in (native, other)),
                *(f"{ratio:.1f}" for ratio in ratios),
                *(f"{ends[backend]:.5f}" for backend in BACKENDS),
            )
    show(table, options.page, "Of CPU time." if options.threads == 1 else "")
    if options.into:
        known = json.loads(options.into.read_text()) if options.into.exists() else {}
        known["families"] = {"threads": options.threads, "rows": rows}
        options.into.parent.mkdir(parents=True, exist_ok=True)
        options.into.write_text(json.dumps(known, indent=1) + "\n")


if __name__ == "__main__":
    main()
