"""Streaming cost of networks that play as programs of steps, on one thread.

    python benchmarks/programs.py [--seconds 0.1] [--seed 0]

Stacks of 8 dilated convolutions of kernel 3 with ReLU and a 1×1 at the end, played as a program, as a
chain, by PyTorch, and as a WaveNet of as many layers and channels, which has more work per layer. Then
a random network of cells of each size, as a program and by PyTorch. All at 48 kHz, in rounds in which
all take turns. GFLOPS count two operations per multiply-add and nothing for ReLU, pools and sums; the
peak is multiply-adds on registers alone. The time of a block holds the call from Python, about 1 µs.
The figures are in logs/bench/programs.json as well.
"""

import argparse
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from step_costs import random_cell
from train_kernel import peak_gflops

from voxnas.engine.base import StreamingEngine
from voxnas.engine.benchmark import one_thread, side_by_side
from voxnas.engine.native_engine import NativeEngine
from voxnas.engine.timing import Timing
from voxnas.engine.torch_engine import TorchEngine
from voxnas.kernels.graph import Step
from voxnas.models.base import Network
from voxnas.models.cells.net import CellNet
from voxnas.models.cells.sizes import SIZES, default_dilations
from voxnas.models.conv_net import ConvNet
from voxnas.models.genotype import CellGenotype
from voxnas.models.wavenet import stack
from voxnas.records.identity import cpu_flags, cpu_model
from voxnas.utils.files import write_text

RATE = 48_000
BLOCK_SIZES = (64, 512)
PEAK_REPEATS = 40  # of 15 ms: other load can only make it look less
CHANNELS = (1, 2, 4, 8, 16, 32)
RESULTS = Path(__file__).resolve().parents[1] / "logs/bench/programs.json"


@dataclass
class Case:
    """One network in one engine."""

    model: str
    engine: str
    player: StreamingEngine
    macs: int


def stacks(channels: int) -> list[Case]:
    """The same work thrice, and a WaveNet's."""
    net = ConvNet(channels, kernel_size=3, activation="ReLU")
    wavenet = stack(8, channels, activation="ReLU", backend="torch")
    players: list[tuple[str, StreamingEngine, Network]] = [
        ("program", NativeEngine.of_program(as_program(net)), net),
        ("chain", NativeEngine(net), net),
        ("WaveNet", NativeEngine(wavenet), wavenet),
        ("PyTorch", TorchEngine(net), net),
    ]
    return [Case(f"8x{channels}", name, player, of.macs_per_sample) for name, player, of in players]


def as_program(net: ConvNet) -> list[Step]:
    """The steps of a ConvNet with ReLUs."""
    steps = []
    for number, conv in enumerate(net.convolutions):
        weight, bias = (p.detach().numpy() for p in conv.parameters())
        relu = number < len(net.dilations)
        sizes = (conv.weight.shape[2], conv.dilation)
        steps.append(Step("conv", (number,), len(weight), 1, *sizes, relu=relu, weight=weight, bias=bias))
    return steps


def cells(name: str, draw: random.Random) -> list[Case]:
    """A random network of this size."""
    size = SIZES[name]
    two = (random_cell(draw, size.nodes), random_cell(draw, size.nodes))
    shape = (size.init_channels, size.channel_multiplier, size.fanout_concat)
    net = CellNet(CellGenotype(*two, default_dilations(size.layers), *shape)).eval()
    players = [("program", NativeEngine(net)), ("PyTorch", TorchEngine(net))]
    return [Case(f"cells {name}", kind, player, net.macs_per_sample) for kind, player in players]


def gflops(case: Case, timing: Timing) -> float:
    """Of a median block."""
    return 2e-6 * case.macs * timing.block_size / timing.median_ms


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=0.1, help="per case and block size, at least")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    draw = random.Random(options.seed)
    cases = [case for channels in CHANNELS for case in stacks(channels)]
    cases += [case for name in SIZES for case in cells(name, draw)]
    with one_thread():
        peak = peak_gflops(PEAK_REPEATS)
    found = side_by_side(
        [case.player for case in cases],
        [RATE] * len(cases),
        BLOCK_SIZES,
        blocks=20,
        min_seconds=options.seconds,
        max_seconds=1.0,
        max_rounds=6,
    )
    with one_thread():  # again, for the same reason
        peak = max(peak, peak_gflops(PEAK_REPEATS))
    rows: list[dict[str, Any]] = []
    table = Table(title=f"Programs at {RATE} Hz, 1 thread, {cpu_model()}, peak {peak:.0f} GFLOPS")
    for name in ("model", "engine", "block", "RTF", "spread", "GFLOPS", "of peak"):
        table.add_column(name, justify="left" if name in ("model", "engine") else "right", no_wrap=True)
    for case, timings in zip(cases, found, strict=True):
        for timing in timings:
            speed, spread = gflops(case, timing), timing.spread or 0.0
            figures = [f"{timing.rtf:.5f}", f"{spread:.0%}", f"{speed:.1f}", f"{speed / peak:.0%}"]
            table.add_row(case.model, case.engine, str(timing.block_size), *figures)
            facts = {"model": case.model, "engine": case.engine, "macs": case.macs, "gflops": speed}
            rows.append({**facts, "block_size": timing.block_size, "rtf": timing.rtf, "spread": spread})
    Console().print(table)
    machine = {"cpu_model": cpu_model(), "cpu_flags": cpu_flags(), "peak_gflops": peak}
    write_text(RESULTS, json.dumps({**machine, **vars(options), "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
