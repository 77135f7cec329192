"""Validation ESR of this project's recipe beside the peer's (neural-amp-modeler 0.13.0), for equal epochs.

    python benchmarks/quality.py INPUT TARGET [TARGET ...] [--models nano feather] [--epochs 100]

Both train on 0–60 s of each pair and are validated on 60–70 s, the best epoch counts. The peer's side takes
about half an hour per network; it runs when PEER_PYTHON names a Python that has it, and what was measured
once is kept in logs/bench/quality.json. Both take the pair as it is, without correcting a delay.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from voxnas.records.record import Record

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "logs/bench/quality.json"


def ours(source: str, target: str, model: str, epochs: int) -> dict[str, Any]:
    """Train with the default recipe, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        overrides = [
            f"model={model}", f"trainer.max_epochs={epochs}", f"hydra.run.dir={folder}",
            "data=amp_pair", f"data.input='{source}'", f"data.target='{target}'", "data.delay=0",
            'data.train="0:60"', 'data.val="60:70"', "data.test=null",
        ]  # fmt: skip
        subprocess.run([sys.executable, str(ROOT / "src/train.py"), *overrides], check=True)
        record = Record.read(Path(folder))
    esr = [epoch["score"] for epoch in record.history]
    return {"best_esr": record.score, "esr": esr, "seconds": record.train_seconds}


def peer(source: str, target: str, model: str, epochs: int) -> dict[str, Any] | None:
    """Train with the peer's recipe, if it is installed somewhere."""
    python = os.environ.get("PEER_PYTHON")
    if python is None:
        return None
    command = [python, str(ROOT / "benchmarks/peer/quality.py"), source, target, model, str(epochs)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    result: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    return result


def main() -> None:
    """Measure what is not known yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input")
    parser.add_argument("target", nargs="+")
    parser.add_argument("--models", nargs="+", default=["nano", "feather"])
    parser.add_argument("--epochs", type=int, default=100)
    options = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for target in options.target:
        for model in options.models:
            key = f"{Path(target).stem}/{model}/{options.epochs}"
            row = results.setdefault(key, {})
            row["ours"] = ours(os.path.abspath(options.input), os.path.abspath(target), model, options.epochs)
            row["peer"] = row.get("peer") or peer(options.input, target, model, options.epochs)
            RESULTS.parent.mkdir(parents=True, exist_ok=True)
            RESULTS.write_text(json.dumps(results, indent=1))
            print(_line(key, row), flush=True)


def _line(key: str, row: dict[str, Any]) -> str:
    own, other = row["ours"], row["peer"]
    at_20 = f"{min(own['esr'][:20]):.3g}"
    text = f"{key}: ours {own['best_esr']:.3g} ({at_20} within 20 epochs, {own['seconds']:.0f} s)"
    if other is None:
        return text + " | peer not measured: set PEER_PYTHON"
    return text + f" | peer {other['best_esr']:.3g} | ratio {own['best_esr'] / other['best_esr']:.2f}"


if __name__ == "__main__":
    main()
