"""What more workers bring: one process and two on one study, and a schedule for many.

    python benchmarks/workers.py [--candidates 12] [--epochs 200] [--rounds 1] [--study logs/nas/NAME]

Measured: processes of src/train.py on one thread each sweep over the same small study, from the start of the
first to the end of the last, start-up included. Simulated: 8, 64 and 512 workers on candidates whose times
and results are those of a finished study (`--study`), or drawn: 512 of them, seconds per epoch log-normal
(median 1, σ .6), the loss falling with the root of the cost and scattering (σ .3). Every run has 1.5 s beside
its training (reading, benchmark, exports); promotion is by the final loss, without error; "frontier" is the
time until the frontier of what was trained to the end is there.

Then ladders as the search makes them, by its own decisions, with and without a barrier between rungs, on 1 to
64 workers: 512 drawn candidates, a loss that falls with the root of the epochs and scatters before the last
(σ .055 per e-fold of the epochs that are left), promotion by loss and cost. Hypervolume is of both in
logarithm, as a share of the box of all that the three found, after the time that the synchronous ladder
takes in all; the mean of `--seeds` draws, and the mean and standard error of the gain over the synchronous
ladder of the same draw. "further candidates": the ladder goes on drawing for as long. Writes
logs/bench/workers.json.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
from docs_page import page_option, show
from ladder_schedule import Course, Made, climb, volumes
from rich.table import Table
from schedule import Candidates, Schedule, batches, rungs
from tiny_study import sweep, write_pair

from voxnas.records.record import FILE_NAME, Record

ROOT = Path(__file__).resolve().parents[1]
WORKERS = (1, 8, 64, 512)
OVERHEAD_S = 1.5
DRAWN = 512
LADDER, KEEP = (2, 8, 40, 450), (1 / 3, 1 / 3, 1 / 3)
LADDER_WORKERS = (1, 2, 4, 8, 16, 32, 64)
POOL = 8192  # candidates that there are to go on with
LADDERS = ("synchronous", "asynchronous", "asynchronous, further candidates")
SEARCHES = {
    "grid: 50 epochs, the best half 500 more": lambda of, w: rungs(of, w, (50, 500), (0.5,), OVERHEAD_S),
    "ladder: 2, 10, 50, 500 epochs, a third goes on": lambda of, w: rungs(of, w, LADDER, KEEP, OVERHEAD_S),
    "batch-synchronous Optuna: 500 epochs each": lambda of, w: batches(of, w, 500, OVERHEAD_S),
}


def seconds(processes: int, arguments: list[str]) -> float:
    """How long so many processes take for a study; each candidate must have been trained once."""
    with tempfile.TemporaryDirectory() as logs:
        environment = os.environ | {"VOXNAS_LOG_DIR": logs, "OMP_NUM_THREADS": "1"}
        command = [sys.executable, str(ROOT / "src/train.py"), *arguments]
        start = time.monotonic()
        running = [
            subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            for _ in range(processes)
        ]
        ended = [process.communicate() for process in running]
        taken = time.monotonic() - start
        if any(process.returncode for process in running):
            raise SystemExit("".join(err for _, err in ended))
        lines = [line for out, _ in ended for line in out.splitlines() if "  ESR " in line]
        trained = sum("(done before)" not in line for line in lines)
        if trained != sum(1 for _ in Path(logs).rglob(FILE_NAME)):
            raise SystemExit(f"{trained} trainings")
    return taken


def measure(candidates: int, epochs: int, rounds: int) -> dict[str, float]:
    """One process and two, in turns; the medians and the speed-up of the rounds."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [*sweep(candidates, epochs), *write_pair(Path(folder))]
        found = [(seconds(1, arguments), seconds(2, arguments)) for _ in range(rounds)]
    return {
        "candidates": candidates,
        "epochs": epochs,
        "one_process_s": statistics.median(one for one, _ in found),
        "two_processes_s": statistics.median(two for _, two in found),
        "speed_up": statistics.median(one / two for one, two in found),
    }


def table_of_processes(measured: dict[str, float]) -> Table:
    """The table of what was measured."""
    table = Table(title="One process and two on one study, start-up included")
    for name in measured:
        table.add_column(name.replace("_s", ", s").replace("_", " "), justify="right")
    table.add_row(*(f"{value:.4g}" for value in measured.values()))
    return table


def drawn(seed: int = 0, count: int = DRAWN) -> Candidates:
    """Candidates as this file's head has them."""
    chance = np.random.default_rng(seed)
    seconds_per_epoch = chance.lognormal(0, 0.6, count)
    cost = 0.005 * seconds_per_epoch * chance.lognormal(0, 0.2, count)
    return Candidates(
        seconds_per_epoch, 0.01 * (cost / 0.005) ** -0.5 * chance.lognormal(0, 0.3, count), cost
    )


def ladders(seed: int, workers: int, count: int = DRAWN, pool: int = POOL) -> list[dict[str, float]]:
    """The synchronous ladder of so many candidates and the two others, in the time that it takes."""
    course = Course(drawn(seed, pool), LADDER, seed)
    first = climb(course, workers, KEEP, OVERHEAD_S, False, count)
    whole = climb(course, workers, KEEP, OVERHEAD_S, True, count)
    further = climb(course, workers, KEEP, OVERHEAD_S, True, None, first.seconds)
    made = [first, whole, further]
    found = volumes([each.values(first.seconds) for each in made])
    return [_figures(each, volume) for each, volume in zip(made, found, strict=True)]


def _figures(made: Made, volume: float) -> dict[str, float]:
    return {
        "hours": made.seconds / 3600,
        "idle": made.idle,
        "hypervolume": volume,
        "to_the_end": made.promoted[-1],
    }


def compare_ladders(seeds: int) -> dict[int, dict[str, dict[str, float]]]:
    """By workers and ladder the mean of each figure, and of the gain over the synchronous with its error."""
    found: dict[int, dict[str, dict[str, float]]] = {}
    with ProcessPoolExecutor() as pool:
        each = {w: list(pool.map(partial(ladders, workers=w), range(seeds))) for w in LADDER_WORKERS}
    for workers, draws in each.items():
        found[workers] = {}
        for number, name in enumerate(LADDERS):
            mean = {key: statistics.mean(draw[number][key] for draw in draws) for key in draws[0][number]}
            gains = [draw[number]["hypervolume"] - draw[0]["hypervolume"] for draw in draws]
            error = statistics.stdev(gains) / seeds**0.5 if seeds > 1 else float("nan")
            found[workers][name] = mean | {"gain": statistics.mean(gains), "gain_error": error}
    return found


def table_of_ladders(found: dict[int, dict[str, dict[str, float]]]) -> Table:
    """The table: hours to the end, idle share, hypervolume after equal worker-hours."""
    table = Table(title=f"Ladders of {DRAWN} candidates: hours, idle, hypervolume after equal worker-hours")
    for column in ("workers", *LADDERS):
        table.add_column(column, justify="right")
    for workers, by_ladder in found.items():
        cells = []
        for name, f in by_ladder.items():
            gain = "" if name == LADDERS[0] else f" ({f['gain']:+.3f} ± {f['gain_error']:.3f})"
            cells.append(f"{f['hours']:.2f}, {f['idle']:.0%}, {f['hypervolume']:.3f}{gain}")
        table.add_row(str(workers), *cells)
    return table


def recorded(study: Path) -> Candidates:
    """The finished candidates of a study, each with its last rung's figures."""
    found: dict[str, Record] = {}
    for path in sorted(study.glob(f"*/*/{FILE_NAME}")):
        record = Record.read(path)
        if record.status == "ok" and record.epochs and record.train_seconds and record.score:
            found[record.candidate] = record
    runs = list(found.values())
    if not runs:
        raise SystemExit(f"{study}: no finished candidates in it")
    return Candidates(
        np.array([(run.train_seconds or 0) / (run.epochs or 1) for run in runs]),
        np.array([run.score or np.inf for run in runs]),
        np.array([run.value("cpu_rtf") or run.value("macs_per_sample") or 0 for run in runs], dtype=float),
    )


def simulate(of: Candidates) -> dict[str, dict[int, Schedule]]:
    """Each search on each number of workers."""
    return {name: {workers: search(of, workers) for workers in WORKERS} for name, search in SEARCHES.items()}


def table_of(found: dict[str, dict[int, Schedule]], count: int) -> Table:
    """The table: workers, hours, idle share, hours to the frontier, speed-up."""
    table = Table(title=f"Simulated: {count} candidates")
    for column in ("search", "workers", "total, h", "idle", "frontier, h", "speed-up"):
        table.add_column(column, justify="left" if column == "search" else "right")
    for name, schedules in found.items():
        for workers, s in schedules.items():
            hours, frontier = f"{s.seconds / 3600:.2f}", f"{s.frontier_s / 3600:.2f}"
            table.add_row(
                name,
                str(workers),
                hours,
                f"{s.idle:.0%}",
                frontier,
                f"{schedules[1].seconds / s.seconds:.1f}",
            )
    return table


def main() -> None:
    """Measure, simulate, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--candidates", type=int, default=12)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=1, help="0: simulate only")
    parser.add_argument("--seeds", type=int, default=10, help="draws for the ladders; 0: none")
    parser.add_argument("--study", type=Path)
    page_option(parser)
    options = parser.parse_args()
    figures: dict[str, object] = {}
    tables = []
    if options.rounds:
        figures["measured"] = measured = measure(options.candidates, options.epochs, options.rounds)
        tables.append(table_of_processes(measured))
    of = recorded(options.study) if options.study else drawn()
    found = simulate(of)
    tables.append(table_of(found, len(of)))
    figures["simulated"] = {n: {w: asdict(s) for w, s in schedules.items()} for n, schedules in found.items()}
    if options.seeds:
        figures["ladders"] = compared = compare_ladders(options.seeds)
        tables.append(table_of_ladders(compared))
    show(tables, options.page)
    path = ROOT / "logs/bench/workers.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
