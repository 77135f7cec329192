"""Training throughput: this project's backends beside each other and beside the peer, in one go.

    PEER_PYTHON=path/to/python python benchmarks/train_speed.py [--threads 2] [--seconds 5] [--rounds 3]

Whole training steps (data, forward, backward, optimizer) of batches of 16 × 8,192 samples. Sides take turns;
medians and their ratios are printed and written to logs/bench/train.json. The peer (neural-amp-modeler
0.13.0) is measured when PEER_PYTHON names a Python that has it. Then as many runs of one thread side by side
as there are threads, beside one run of all of them: what a sweep gains by the former.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from docs_page import page_option, show, told
from rich.table import Table

HERE = Path(__file__).resolve().parent
RESULTS = HERE.parent / "logs/bench/train.json"
AGAINST_PEER = ("standard", "feather", "nano")
AGAINST_TORCH = ("8x4", "8x8", "8x16", "8x32")
NAMES = {"torch": "PyTorch", "peer": "neural-amp-modeler"}
CPU_TIME = "Of CPU time."
SIDE_BY_SIDE = ("5x8", "8x16", "8x32")
AUDIO_PER_STEP_S = 16 * 8192 / 48_000


def command(side: str, model: str, seconds: float) -> list[str]:
    """What measures one side."""
    if side == "peer":
        return [os.environ["PEER_PYTHON"], str(HERE / "peer/speed.py"), model, str(seconds)]
    return [sys.executable, str(HERE / "own_speed.py"), model, side, str(seconds)]


def steps_per_second(side: str, model: str, seconds: float, threads: int, processes: int = 1) -> float:
    """One measurement in a process of its own, or in several at a time: then what they do together."""
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    started = [
        subprocess.Popen(command(side, model, seconds), env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    said = [process.communicate()[0] for process in started]
    if any(process.returncode for process in started):
        raise SystemExit(f"{side} failed on {model}")
    return sum(float(json.loads(text.strip().splitlines()[-1])["steps_per_s"]) for text in said)


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


def together(model: str, options: argparse.Namespace) -> dict[str, Any]:
    """One-thread runs side by side, and one run of as many threads, in turn."""
    count = options.threads
    rounds = [
        (
            steps_per_second("native", model, options.seconds, 1, processes=count),
            steps_per_second("native", model, options.seconds, count),
        )
        for _ in range(options.rounds)
    ]
    many, one = (statistics.median(side) for side in zip(*rounds, strict=True))
    gain = statistics.median(a / b for a, b in rounds)
    return {"model": model, "side_by_side": many, "one_after_the_other": one, "gain": gain, "rounds": rounds}


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    page_option(parser)
    options = parser.parse_args()
    peer = ("peer",) if os.environ.get("PEER_PYTHON") else ()
    rows = []
    for model in (*AGAINST_PEER, *AGAINST_TORCH):
        sides = ("native", "torch", *(peer if model in AGAINST_PEER else ()))
        rows.append(compare(model, sides, options))
    parallel = [together(model, options) for model in SIDE_BY_SIDE] if options.threads > 1 else []
    tables = [table_of(rows, options.threads)]
    tables += [table_of_runs(parallel, options.threads)] if parallel else []
    show(tables, options.page, "" if parallel else CPU_TIME)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    results = {**told(options), "rows": rows, "side_by_side": parallel}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    if not peer:
        print("the peer was not measured: set PEER_PYTHON to a Python with neural-amp-modeler==0.13.0")


def table_of(rows: list[dict[str, Any]], threads: int) -> Table:
    """Steps per second of each side, and how many times faster native code is."""
    others = [side for side in ("torch", "peer") if any(side in row["steps_per_s"] for row in rows)]
    table = Table(title=f"Whole training steps per second, threads: {threads}")
    table.add_column("network")
    names = [NAMES[side] for side in others]
    for heading in ("native", "× real time", *names, *(f"native is faster than {name} by" for name in names)):
        table.add_column(heading, justify="right")
    for row in rows:
        speeds, ratios = row["steps_per_s"], row["times_faster_than"]
        native = [f"{speeds['native']:.1f}", f"{speeds['native'] * AUDIO_PER_STEP_S:.0f}"]
        other = [f"{speeds[side]:.1f}" if side in speeds else "" for side in others]
        faster = [f"{ratios[side]:.1f} ×" if side in ratios else "" for side in others]
        table.add_row(row["model"], *native, *other, *faster)
    return table


def table_of_runs(rows: list[dict[str, Any]], threads: int) -> Table:
    """One-thread runs side by side, beside one run of as many threads."""
    table = Table(title=f"Steps per second of {threads} runs of one thread, and of one of {threads}")
    table.add_column("network")
    for heading in ("side by side", "one after the other", "gain"):
        table.add_column(heading, justify="right")
    for row in rows:
        speeds = [f"{row[key]:.1f}" for key in ("side_by_side", "one_after_the_other")]
        table.add_row(row["model"], *speeds, f"{row['gain']:.2f} ×")
    return table


if __name__ == "__main__":
    main()
