"""The same training run on either backend: where it ends, how long it takes, and its peak of memory.

    python benchmarks/backends.py [INPUT TARGET …] [--models nano 5x8 8x16] [--epochs 20] [--seeds 0 1]

Whole runs of src/train.py with the default recipe, each in a process of its own, on each pair (the demo pair
without one; else trained on 0–60 s and validated on 60–70 s as it is). The best validation ESR differs from
seed to seed; what the backends differ by is to be seen beside that. Figures are in logs/bench/backends.json.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from docs_page import page_option, show
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "logs/bench/backends.json"
BACKENDS = ("native", "torch")


def run(model: str, backend: str, seed: int, epochs: int, pair: list[str]) -> dict[str, float]:
    """One run: its best validation ESR, seconds of training and peak of memory."""
    network = [f"model={model}"]
    if "x" in model:
        layers, channels = model.split("x")
        network = [f"model.num_layers={layers}", f"model.channels={channels}"]
    with tempfile.TemporaryDirectory() as folder:
        arguments = [*network, f"model.backend={backend}", f"seed={seed}", f"trainer.max_epochs={epochs}"]
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "src/train.py"), *arguments, *pair, f"hydra.run.dir={folder}"],
            stdout=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(f"{model} failed on {backend}")
        record = json.loads(Path(folder, "record.json").read_text())
    kilobytes = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return {
        "esr": record["score"],
        "seconds": record["train_seconds"],
        "peak_mb": kilobytes / 1024,
    }


def compare(model: str, target: str, pair: list[str], options: argparse.Namespace) -> dict[str, Any]:
    """Both backends in turn, for every seed."""
    row: dict[str, Any] = {"model": model, "pair": target}
    for backend in BACKENDS:
        row[backend] = [run(model, backend, seed, options.epochs, pair) for seed in options.seeds]
    return row


def table_of(rows: list[dict[str, Any]], epochs: int) -> Table:
    """The table: every seed's ESR, medians of the rest."""
    table = Table(title=f"Either backend, {epochs} epochs")
    for name in ("pair", "network", "backend", "validation ESR by seed", "seconds", "peak MB"):
        table.add_column(name, justify="left" if name in ("pair", "network", "backend") else "right")
    for row in rows:
        for backend in BACKENDS:
            found = row[backend]
            seconds, peak = (median(one[key] for one in found) for key in ("seconds", "peak_mb"))
            esr = "  ".join(f"{one['esr']:.5f}" for one in found)
            table.add_row(row["pair"], row["model"], backend, esr, f"{seconds:.0f}", f"{peak:.0f}")
    return table


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input", nargs="?")
    parser.add_argument("target", nargs="*", default=[])
    parser.add_argument("--models", nargs="+", default=["nano", "5x8", "8x16"], help="or LAYERSxCHANNELS")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    page_option(parser)
    options = parser.parse_args()
    pairs: dict[str, list[str]] = {"demo": []}
    if options.input:
        files = {Path(t).stem: (os.path.abspath(options.input), os.path.abspath(t)) for t in options.target}
        pairs = {
            name: ["data=amp_pair", f"data.input='{x}'", f"data.target='{y}'", "data.delay=0",
                   'data.train="0:60"', 'data.val="60:70"', "data.test=null"]
            for name, (x, y) in files.items()
        }  # fmt: skip
    rows = [compare(model, name, pair, options) for name, pair in pairs.items() for model in options.models]
    show(table_of(rows, options.epochs), options.page)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({"epochs": options.epochs, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
