"""What playing a model in the report's page costs, beside the native engine: share of real time.

    python benchmarks/listen_cost.py [FILE ...] [--models nano,feather,…] [--page docs/figures/listen_cost.md]

Headless Chromium plays each network with the page's own engine, in blocks of 128 as its sound thread does,
at 48 kHz; the native engine plays the same blocks. Both take turns, model by model and round by round, so
that other load meets all alike. A figure is the median over rounds of each round's quietest stretch of 2 ms.
Files are further models.
"""

import argparse
import base64
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from docs_page import write_page
from own_speed import network
from rich.console import Console
from rich.table import Table
from studies import ROOT

sys.path.append(str(ROOT / "tests"))
from browser import MISSING, PROGRAM, Page, chromium

from voxnas.engine.native_engine import NativeEngine, native_form
from voxnas.export.load import load_model
from voxnas.kernels.wasm import ENGINE
from voxnas.models.base import StreamingNetwork
from voxnas.models.recurrent import LSTM
from voxnas.report.page.join import joined
from voxnas.report.page.packed import packed_form

RATE, BLOCK = 48_000, 128
ROUND_MS, STRETCH_MS = 150, 2
MODELS = "nano,feather,lite,standard,10x32,LSTM-16,LSTM-40"
PLAY = """
const module = new WebAssembly.Module(Uint8Array.from(atob(ENGINE), (c) => c.charCodeAt(0)));
const input = Float32Array.from({ length: BLOCK }, (_, i) => 0.3 * Math.sin(0.05 * i));
const output = new Float32Array(BLOCK), streams = [];
// Milliseconds of a block in the quietest of many stretches, each long enough for a browser's coarse clock.
async function round(number) {
  streams[number] ??= new module_engine.Stream(module, await module_unpack.formOf(FORMS[number]));
  let least = Infinity, count = 4;
  for (const end = performance.now() + MS; performance.now() < end; ) {
    const start = performance.now();
    for (let i = 0; i < count; i++) streams[number].process(input, output);
    const took = performance.now() - start;
    if (took < STRETCH_MS) count *= 2;
    else least = Math.min(least, took / count);
  }
  return least;
}
globalThis.round = round;
"""


def made(name: str) -> StreamingNetwork:
    """A preset, a stack such as 10x32, or an LSTM such as LSTM-16; untrained, which costs the same."""
    kind, _, units = name.partition("-")
    return LSTM(hidden_size=int(units)) if kind == "LSTM" else network(name, "auto")


def load_into(page: Page, networks: list[StreamingNetwork]) -> None:
    """The page's engine, and all networks, in a tab."""
    forms = [packed_form(native_form(each)) for each in networks]
    engine = base64.b64encode(ENGINE.read_bytes()).decode()
    about = f"const ENGINE = {json.dumps(engine)}, FORMS = {json.dumps(forms)};"
    about += f"const BLOCK = {BLOCK}, MS = {ROUND_MS}, STRETCH_MS = {STRETCH_MS};"
    page.run(f"(() => {{{joined('engine')}{joined('unpack')}{about}{PLAY}}})()")


def native_ms(engine: NativeEngine, block: np.ndarray) -> float:
    """As `round` of the page."""
    least, count, end = np.inf, 4, time.perf_counter() + ROUND_MS / 1000
    while time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(count):
            engine.process(block)
        took = 1000 * (time.perf_counter() - start)
        if took < STRETCH_MS:
            count *= 2
        else:
            least = min(least, took / count)
    return float(least)


def table_of(networks: dict[str, StreamingNetwork], rounds: int) -> Table:
    """A row for each network: shares of real time, and one over the other."""
    engines = [NativeEngine(each) for each in networks.values()]
    block = (0.3 * np.sin(0.05 * np.arange(BLOCK))).astype(np.float32)
    played: list[list[tuple[float, float]]] = [[] for _ in engines]
    with tempfile.TemporaryDirectory() as folder, chromium(Path(folder)) as page:
        load_into(page, list(networks.values()))
        for place in range(len(engines)):
            page.run(f"round({place})")  # compiled better by then
        for _ in range(rounds):
            for place, engine in enumerate(engines):
                played[place].append((page.run(f"round({place})"), native_ms(engine, block)))
    table = Table(title="What playing in the report's page costs")
    for name in ("model", "multiply-adds", "in Chromium (% of real time)", "native (%)", "ratio"):
        table.add_column(name, justify="left" if name == "model" else "right")
    for (name, each), times in zip(networks.items(), played, strict=True):
        page_ms, own_ms = (float(np.median(part)) for part in zip(*times, strict=True))
        shares = [100 * ms * RATE / 1000 / BLOCK for ms in (page_ms, own_ms)]
        cells = f"{each.macs_per_sample:,}", *(f"{share:.2f}" for share in shares)
        table.add_row(name, *cells, f"{page_ms / own_ms:.1f}")
    return table


def main() -> None:
    """Play, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", help="models besides")
    parser.add_argument("--models", default=MODELS)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--page", type=Path, help="write the table there")
    options = parser.parse_args()
    if not PROGRAM:
        raise SystemExit(f"error: {MISSING}")
    networks = {name: made(name) for name in options.models.split(",") if name}
    networks |= {Path(file).stem: load_model(file).network for file in options.files}
    table = table_of(networks, options.rounds)
    Console().print(table)
    if options.page:
        write_page(table, options.page)


if __name__ == "__main__":
    main()
