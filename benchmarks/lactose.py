"""LACTOSE on the function that its author shows it on, beside plain networks on the same engine.

    python benchmarks/lactose.py [--samples 720000] [--seeds 0 1 2] [--epochs 4] [--repeats 9]

A piecewise linear function of five pieces, samples even from -1 to 1, four fifths of them to train on, the
rest to test; ReLU. LACTOSE has 4×4 units for each piece; beside it networks of 8×8 and of 4×4 for all of
them. Errors are of the seed whose training ended best, and of the worst. Then each plays ten seconds of
noise at 48 kHz, and of a tone of 110 Hz, in native code on one thread, in turn, in blocks of 512: the
median of the CPU time. The author's own figures (RTNeural, AVX, an i7 of 2018) stand beside those. Prints a
table, writes logs/bench/lactose.json and lactose.png.
"""

import argparse
import json
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import torch
from docs_page import page_option, show
from numpy.typing import NDArray
from rich.table import Table
from studies import LOGS
from torch import Tensor

from voxnas.drawing import style
from voxnas.engine.native_engine import NativeEngine
from voxnas.models.lactose import Lactose

PIECES = [[None, -0.5], [-0.5, -0.25], [-0.25, 0.25], [0.25, 0.5], [0.5, None]]
SHAPES = {"LACTOSE 4×4": (PIECES, 4), "MLP 8×8": (1, 8), "MLP 4×4": (1, 4)}
AUTHOR = {"LACTOSE 4×4": (1.87e-2, 535.48), "MLP 8×8": (3.80e-2, 263.00)}  # seconds, × real time
BATCH, RATE, BLOCK, SECONDS = 512, 48_000, 512, 10
RESULTS = LOGS / "bench"


def curve(x: Tensor) -> Tensor:
    """The function: slope 1 in the middle, a half beside it, a quarter outside."""
    size = x.abs()
    y = torch.where(size <= 0.25, size, torch.where(size <= 0.5, 0.5 * size + 0.125, 0.25 * size + 0.25))
    return x.sign() * y


def network(name: str, seed: int) -> Lactose:
    """One of SHAPES with fresh weights; what has one range is a plain network."""
    torch.manual_seed(seed)
    ranges, units = SHAPES[name]
    plain = {"taps": 1, "features": 1, "filter_taps": 1, "blend": 0.0, "activation": "ReLU"}
    return Lactose(ranges=ranges, hidden_size=units, name=name, **plain)  # type: ignore[arg-type]


def train(net: Lactose, x: Tensor, epochs: int) -> float:
    """Adam on the mean squared error; the seconds that it takes."""
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    steps = epochs * (len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    start = time.perf_counter()
    for _ in range(epochs):
        for batch in x[torch.randperm(len(x))].split(BATCH)[: len(x) // BATCH]:
            loss = (net(batch.view(1, 1, -1)) - curve(batch)).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return time.perf_counter() - start


@torch.no_grad()
def error(net: Lactose, x: Tensor) -> float:
    """ESR on samples."""
    y = curve(x)
    return float((net(x.view(1, 1, -1)).flatten() - y).square().sum() / y.square().sum())


def fits(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Of each shape its networks, the best first, with their test ESR and the seconds of training."""
    x = 2 * torch.rand(options.samples, generator=torch.Generator().manual_seed(0)) - 1
    share = options.samples * 4 // 5
    found = {}
    for name in SHAPES:
        trained = []
        for seed in options.seeds:
            net = network(name, seed)
            trained.append((train(net, x[:share], options.epochs), error(net, x[share:]), net))
        trained.sort(key=lambda one: one[1])
        seconds, esr, nets = zip(*trained, strict=True)
        found[name] = {"net": nets[0], "esr": esr, "train_seconds": statistics.median(seconds)}
    return found


def signals() -> dict[str, NDArray[np.float32]]:
    """Noise, whose range changes at every sample, and a tone, whose range stays for a while."""
    noise = np.random.default_rng(0).uniform(-1, 1, RATE * SECONDS)
    tone = np.sin(2 * np.pi * 110 / RATE * np.arange(RATE * SECONDS))
    return {"noise": noise.astype(np.float32), "tone": tone.astype(np.float32)}


def durations(nets: Mapping[str, Lactose], x: NDArray[np.float32], repeats: int) -> dict[str, float]:
    """CPU seconds to play a signal, medians of turns."""
    engines = {name: NativeEngine(net) for name, net in nets.items()}
    times: dict[str, list[float]] = {name: [] for name in nets}
    for repeat in range(repeats + 1):
        for name, engine in engines.items():
            start = time.thread_time()
            for at in range(0, len(x), BLOCK):
                engine.process(x[at : at + BLOCK])
            if repeat:
                times[name].append(time.thread_time() - start)
    return {name: statistics.median(found) for name, found in times.items()}


def table(rows: Mapping[str, Mapping[str, Any]]) -> Table:
    """A row for each network, the author's figures in brackets."""
    shown = Table(title="Five pieces: LACTOSE beside plain networks")
    columns = ("network", "weights", "MACs", "ESR, best", "ESR, worst", "trained in")
    for column in (*columns, "10 s of noise", "a sample", "× real time", "tone, × real time"):
        shown.add_column(column, justify="right", no_wrap=True)
    for name, row in rows.items():
        author = AUTHOR.get(name)
        beside = ("", "") if author is None else (f" ({1000 * author[0]:.1f})", f" ({author[1]:.0f})")
        cells = [name, str(row["parameters"]), str(row["macs"])]
        cells += [f"{row['esr'][0]:.1e}", f"{row['esr'][-1]:.1e}", f"{row['train_seconds']:.0f} s"]
        noise, tone = row["seconds"]["noise"], row["seconds"]["tone"]
        cells += [f"{1000 * noise:.2f} ms{beside[0]}", f"{1e9 * noise / RATE / SECONDS:.1f} ns"]
        shown.add_row(*cells, f"{SECONDS / noise:.0f}{beside[1]}", f"{SECONDS / tone:.0f}")
    return shown


@torch.no_grad()
def plot(nets: Mapping[str, Lactose], path: Path) -> None:
    """The fits, and below them what they are off by."""
    x = torch.linspace(-1, 1, 2001)
    with matplotlib.rc_context(style.RC):
        figure = style.new_figure(8.0, 6.4)
        above, below = figure.subplots(2, 1, sharex=True)
        above.plot(x, curve(x), color=style.INK, lw=3, alpha=0.3, label="the function")
        for (name, net), colour in zip(nets.items(), style.LINES, strict=False):
            y = net(x.view(1, 1, -1)).flatten()
            above.plot(x, y, color=colour, lw=1, label=name)
            below.plot(x, y - curve(x), color=colour, lw=1)
        above.legend()
        above.set_ylabel("output")
        below.set_ylabel("error")
        below.set_xlabel("input")
        figure.suptitle("Five pieces, and the best fit of each network", **style.SUPTITLE)
        style.save(figure, path)


def main(words: Sequence[str] | None = None) -> None:
    """Train, play, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=720_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=9)
    page_option(parser)
    options = parser.parse_args(words)
    torch.set_num_threads(1)
    found = fits(options)
    nets = {name: one["net"] for name, one in found.items()}
    times = {name: durations(nets, x, options.repeats) for name, x in signals().items()}
    rows = {
        name: {
            "esr": one["esr"],
            "train_seconds": one["train_seconds"],
            "seconds": {signal: times[signal][name] for signal in times},
            "parameters": one["net"].num_parameters,
            "macs": one["net"].macs_per_sample,
        }
        for name, one in found.items()
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "lactose.json").write_text(json.dumps(rows, indent=1) + "\n")
    plot(nets, RESULTS / "lactose.png")
    show(table(rows), options.page, "In brackets the author's figures, of his machine.")


if __name__ == "__main__":
    main()
