"""Training throughput: this project's backends beside each other and beside the peer, in one go.

    PEER_PYTHON=path/to/python python benchmarks/train_speed.py [--threads 2] [--seconds 8] [--rounds 3]

Whole training steps (data, forward, backward, optimizer) of batches of 16 × 8,192 samples. Sides take turns;
medians and their ratios are printed and written to logs/bench/train.json. The peer (neural-amp-modeler
0.13.0) is measured when PEER_PYTHON names a Python that has it.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
RESULTS = HERE.parent / "logs/bench/train.json"
AGAINST_PEER = ("standard", "feather", "nano")
AGAINST_TORCH = ("8x4", "8x8", "8x16", "8x32")
AUDIO_PER_STEP_S = 16 * 8192 / 48_000


def command(side: str, model: str, seconds: float) -> list[str]:
    """What measures one side."""
    if side == "peer":
        return [os.environ["PEER_PYTHON"], str(HERE / "peer/speed.py"), model, str(seconds)]
    return [sys.executable, str(HERE / "own_speed.py"), model, side, str(seconds)]


def steps_per_second(side: str, model: str, seconds: float, threads: int) -> float:
    """One measurement in a process of its own."""
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    result = subprocess.run(
        command(side, model, seconds), env=environment, check=True, capture_output=True, text=True
    )
    return float(json.loads(result.stdout.strip().splitlines()[-1])["steps_per_s"])


def compare(model: str, sides: tuple[str, ...], options: argparse.Namespace) -> dict[str, Any]:
    """Medians of interleaved rounds, and how many times faster the first side is than each other one."""
    rounds = [
        {side: steps_per_second(side, model, options.seconds, options.threads) for side in sides}
        for _ in range(options.rounds)
    ]
    medians = {side: statistics.median(r[side] for r in rounds) for side in sides}
    first = sides[0]
    ratios = {side: statistics.median(r[first] / r[side] for r in rounds) for side in sides[1:]}
    return {"model": model, "steps_per_s": medians, "times_faster_than": ratios, "rounds": rounds}


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    peer = ("peer",) if os.environ.get("PEER_PYTHON") else ()
    rows = []
    for model in (*AGAINST_PEER, *AGAINST_TORCH):
        sides = ("native", "torch", *(peer if model in AGAINST_PEER else ()))
        rows.append(compare(model, sides, options))
        _print(rows[-1])
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps({**vars(options), "rows": rows}, indent=1) + "\n")
    if not peer:
        print("the peer was not measured: set PEER_PYTHON to a Python with neural-amp-modeler==0.13.0")


def _print(row: dict[str, Any]) -> None:
    speeds = "  ".join(
        f"{side} {rate:.1f}/s ({rate * AUDIO_PER_STEP_S:.0f} × real time)"
        for side, rate in row["steps_per_s"].items()
    )
    ratios = "  ".join(f"{ratio:.1f} × {side}" for side, ratio in row["times_faster_than"].items())
    print(f"{row['model']:>9}: {speeds}  →  {ratios}", flush=True)


if __name__ == "__main__":
    main()
