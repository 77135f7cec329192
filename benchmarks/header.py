"""Streaming cost of exported C++ headers beside the generic engine, and what compiling one takes.

    python benchmarks/header.py [--rounds 5] [--seconds 0.1] [--models nano,8x16,LSTM-16]

Each header is compiled for this CPU, for any with AVX2 (on x86-64), and with the compiler's defaults, which
there means SSE2. The engine is built for this CPU. At 48 kHz, block by block; all of one model take turns, so
that other load on the machine meets all. RTF is the share of a block's duration, the median of the rounds.
The header is called through the same few lines as the engine, about 1 µs per block. The greatest difference
from the network in float64 is there as well. All figures are in logs/bench/header.json.
"""

import argparse
import copy
import ctypes
import json
import platform
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from docs_page import page_option, show, told
from numpy.typing import NDArray
from own_speed import network
from rich.table import Table

from voxnas.engine.base import StreamingEngine
from voxnas.engine.benchmark import benchmark, cpu_model, guitar_like_noise
from voxnas.engine.make import make_engine
from voxnas.engine.play import play
from voxnas.export.header.render import namespace, write_header
from voxnas.kernels.build import _compiler
from voxnas.kernels.stream import Stream
from voxnas.models.base import Network
from voxnas.models.build import build
from voxnas.utils.errors import InputError

RATE = 48_000
BLOCK_SIZES = (64, 512)
MODELS = "standard,lite,feather,nano,8x4,8x8,8x16,8x32,LSTM-8,LSTM-16,LSTM-40,GRU-8,ConvNet,Linear"
BUILDS = {"native": ["-march=native"], "AVX2": ["-mavx2", "-mfma"], "default": []}
if platform.machine() != "x86_64":
    BUILDS = {"native": ["-mcpu=native"], "default": []}
RESULTS = Path(__file__).resolve().parents[1] / "logs/bench/header.json"

LIBRARY = """
#include "FILE"
using NAME::Model;
extern "C" void* create() { return new Model; }
extern "C" long size() { return sizeof(Model); }
extern "C" void voxnas_stream_reset(Model* model) { model->reset(); }
extern "C" void voxnas_stream_destroy(Model* model) { delete model; }
extern "C" void voxnas_stream_process(Model* model, const float* in, float* out, long samples) {
  model->process(in, out, static_cast<int>(samples));
}
"""


class HeaderEngine(StreamingEngine):
    """A header, compiled with the flags given. `compile_s` and `state_bytes` are measured."""

    name = "header"

    def __init__(self, header: Path, flags: list[str]) -> None:
        source, library = header.with_suffix(".cpp"), header.with_name(f"{time.time_ns()}.so")
        source.write_text(LIBRARY.replace("FILE", header.name).replace("NAME", namespace(header.stem)))
        compiler = _compiler()[0][0]
        command = [compiler, "-std=c++17", "-O3", "-fPIC", "-shared", *flags, str(source), "-o", str(library)]
        start = time.perf_counter()
        subprocess.run(command, check=True)
        self.compile_s = time.perf_counter() - start
        code = ctypes.CDLL(str(library))
        code.create.restype, code.size.restype = ctypes.c_void_p, ctypes.c_long
        self.state_bytes = code.size()
        self._stream = Stream(code, code.create())

    def reset(self) -> None:
        """To the state after silence."""
        self._stream.reset()

    def process(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """The next samples."""
        return self._stream.process(block)


def model(name: str) -> Network:
    """A preset, a stack such as 8x16, LSTM-16 or GRU-8, or ConvNet and Linear as they are by default."""
    kind, _, hidden = name.partition("-")
    if hidden:
        return build({"type": kind, "hidden_size": int(hidden)})
    return build({"type": kind}) if kind in ("ConvNet", "Linear") else network(name, "torch")


def error(engine: StreamingEngine, net: Network) -> float:
    """Greatest difference from the network in float64, over half a second."""
    x = guitar_like_noise(RATE // 2, RATE)
    exact = copy.deepcopy(net).double()
    with torch.inference_mode():
        y = exact.stream(torch.from_numpy(x).double()[None, None], exact.initial_state())[0]
    return float(np.abs(play(engine, x) - y[0, 0].numpy()).max())


def measure(name: str, rounds: int, seconds: float, folder: Path) -> dict[str, Any]:
    """One model in all builds and in the engine, in turn."""
    torch.manual_seed(0)
    net = model(name)
    header = write_header(net, folder / f"bench_{name.replace('-', '_')}.h", RATE)
    row: dict[str, Any] = {
        "model": name,
        "parameters": net.num_parameters,
        "file_bytes": header.stat().st_size,
    }
    engines: dict[str, StreamingEngine] = {}
    for build_name, flags in BUILDS.items():
        engine = engines[build_name] = HeaderEngine(header, flags)
        figures = {"compile_s": engine.compile_s, "state_bytes": engine.state_bytes}
        row[build_name] = {**figures, "error": error(engine, net)}
    try:
        engines["engine"] = make_engine(net, "native")
        row["engine"] = {"error": error(engines["engine"], net)}
    except InputError:
        row["engine"] = None  # it cannot play this one
    for size in BLOCK_SIZES:
        found = [
            {
                key: benchmark(engine, RATE, size, 50, min_seconds=seconds).rtf
                for key, engine in engines.items()
            }
            for _ in range(rounds)
        ]
        for key in engines:
            values = [one[key] for one in found]
            row[key][f"rtf_{size}"] = {"median": statistics.median(values), "rounds": values}
    return row


def table_of(rows: list[dict[str, Any]], title: str) -> Table:
    """The table."""
    table = Table(title=title)
    for name in ("model", "block", "engine", *BUILDS, "compile s", "KiB", "file KiB"):
        table.add_column(name, justify="left" if name == "model" else "right", no_wrap=True)
    for row in rows:
        for size in BLOCK_SIZES:
            first = size == BLOCK_SIZES[0]
            rtf = [
                f"{row[key][f'rtf_{size}']['median']:.5f}" if row[key] else "" for key in ("engine", *BUILDS)
            ]
            native = row["native"]
            sizes = [f"{native['state_bytes'] / 1024:.0f}", f"{row['file_bytes'] / 1024:.0f}"]
            about = [f"{native['compile_s']:.1f}", *sizes] if first else [""] * 3
            table.add_row(row["model"] if first else "", str(size), *rtf, *about)
    return table


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.1, help="per measurement")
    parser.add_argument("--models", default=MODELS)
    page_option(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            measure(name, options.rounds, options.seconds, Path(folder)) for name in options.models.split(",")
        ]
    show(table_of(rows, f"Exported headers at {RATE} Hz, one thread: RTF"), options.page)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    facts = {
        "cpu_model": cpu_model(),
        "sample_rate": RATE,
        **told(options),
    }
    RESULTS.write_text(json.dumps({**facts, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
