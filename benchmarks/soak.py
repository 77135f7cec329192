"""Kill the workers of one study again and again, and see that everything gets done, and once.

    python benchmarks/soak.py [--kills 50] [--candidates 40] [--workers 3] [--epochs 30] [--seed 0]

Several processes sweep over the same study, each a `src/train.py -m` of its own. At random moments one of
them is killed (SIGKILL to its process group) and started again. The moments are drawn in the study's
progress, not in seconds, so that a slow machine sees as many kills. The processes come from a server that has
imported the libraries, which saves seconds of each. Writes logs/bench/soak.json; exit code 1 if anything
is amiss.
"""

import argparse
import json
import multiprocessing
import os
import random
import runpy
import signal
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import suppress
from itertools import groupby
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from docs_page import page_option, show
from rich.table import Table
from tiny_study import sweep, write_pair

from voxnas.records.record import FILE_NAME, Record
from voxnas.training.run import load_checkpoint
from voxnas.utils.errors import InputError

ROOT = Path(__file__).resolve().parents[1]
LEDGER = "VOXNAS_SOAK_LEDGER"
POLL_S = 0.02
LAST_ROUNDS = 5  # sweeps without kills, should candidates have counted as failed


class Ledger(pl.Callback):
    """Notes what a run does, beside everything that the run itself keeps: one line per event."""

    def _note(self, event: str, trainer: pl.Trainer) -> None:
        line = [
            event,
            Path(trainer.default_root_dir).name,
            os.getpid(),
            trainer.current_epoch,
            time.time_ns(),
        ]
        file = os.open(os.environ[LEDGER], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, (json.dumps(line) + "\n").encode())
        os.close(file)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._note("start", trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._note("epoch", trainer)

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._note("end", trainer)


def work(arguments: list[str], logs: Path) -> None:
    """One worker: src/train.py in a process group of its own, its output in a file."""
    os.setsid()
    output = os.open(logs.parent / f"worker-{os.getpid()}.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.argv = [str(ROOT / "src/train.py"), *arguments]
    sys.path.insert(0, str(ROOT / "src"))
    runpy.run_path(sys.argv[0], run_name="__main__")


class Soak:
    """A study under fire in `folder`."""

    def __init__(self, folder: Path, candidates: int, epochs: int, workers: int, seed: int) -> None:
        self.folder, self.logs, self.ledger = folder, folder / "logs", folder / "ledger"
        self.candidates, self.epochs, self.workers = candidates, epochs, workers
        self.chance = random.Random(seed)
        self.arguments = [
            *sweep(candidates, epochs),
            *write_pair(folder / "pair"),
            "+callbacks.ledger._target_=soak.Ledger",
        ]
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(
            ["soak", "voxnas.callbacks.benchmark", "voxnas.engine.native_engine"]
        )
        self.running: list[BaseProcess] = []
        self.kills = self.kills_in_training = self.torn = self.rounds = 0

    @property
    def runs(self) -> Path:
        return self.logs / "nas/tiny/phase1"

    def events(self) -> list[tuple[str, str, int, int, int]]:
        """(event, candidate, pid, epoch, nanoseconds) in the order of time."""
        return (
            [tuple(json.loads(line)) for line in self.ledger.read_text().splitlines()]
            if self.ledger.exists()
            else []
        )

    def start(self) -> BaseProcess:
        process = self.context.Process(target=work, args=(self.arguments, self.logs))
        process.start()
        return process

    def run(self, kills: int) -> None:
        """Kill so many workers in the course of the study, then let the rest come to its end."""
        total = int(0.95 * self.candidates * self.epochs)  # near the end there is nobody left to kill
        moments = sorted(self.chance.randrange(total) for _ in range(kills))
        self.running = [self.start() for _ in range(self.workers)]
        while moments or any(process.is_alive() for process in self.running):
            done = len({(name, epoch) for event, name, _, epoch, _ in self.events() if event == "epoch"})
            while moments and moments[0] <= done:
                moments.pop(0)
                self.kill_one()
            self.look()
            time.sleep(POLL_S)
            if moments and not any(process.is_alive() for process in self.running):
                break  # all done before the last kill was due: said by the count
        while self.unfinished() and self.rounds < LAST_ROUNDS:
            self.rounds += 1
            last = self.start()
            last.join()

    def kill_one(self) -> None:
        """Kill a worker, at some moment of its next half second, and start another in its place."""
        time.sleep(self.chance.random() / 2)
        alive = [place for place, process in enumerate(self.running) if process.is_alive()]
        if not alive:
            return
        place = self.chance.choice(alive)
        victim = self.running[place]
        assert victim.pid
        claims = [path.read_text() for path in self.runs.glob("*/.claim") if path.exists()]
        self.kills_in_training += any(f'"pid": {victim.pid},' in text for text in claims)
        for kill in (os.kill, os.killpg):
            with suppress(ProcessLookupError):
                kill(victim.pid, signal.SIGKILL)
        victim.join()
        self.kills += 1
        self.running[place] = self.start()

    def look(self) -> None:
        """Read every record, as a report might at any moment."""
        for path in self.runs.glob(f"*/{FILE_NAME}"):
            try:
                Record.read(path)
            except InputError:
                self.torn += 1

    def unfinished(self) -> list[str]:
        """Candidates without a record that says ok."""
        records = {path.parent.name: Record.read(path) for path in self.runs.glob(f"*/{FILE_NAME}")}
        names = [f"candidate_{number}" for number in range(self.candidates)]
        return [name for name in names if name not in records or records[name].status != "ok"]


def audit(soak: Soak) -> list[str]:
    """What is amiss after a soak: nothing may be."""
    wrong = [f"{name}: not finished" for name in soak.unfinished()]
    wrong += [f"{soak.torn} torn records were read"] * bool(soak.torn)
    by_name: dict[str, list[Any]] = defaultdict(list)
    for event in soak.events():
        by_name[event[1]].append(event)
    for path in sorted(soak.runs.glob(f"*/{FILE_NAME}")):
        record, name = Record.read(path), path.parent.name
        if [epoch["epoch"] for epoch in record.history] != list(range(soak.epochs)):
            wrong.append(f"{name}: its history is not whole")
        if record.score is None or not record.exports:
            wrong.append(f"{name}: without a result")
        wrong += [
            f"{name}: {late[0]} after it was finished"
            for late in by_name[name]
            if late[4] > path.stat().st_mtime_ns
        ]
        pids = [pid for pid, _ in groupby(event[2] for event in by_name[name])]
        if len(pids) != len(set(pids)):
            wrong.append(f"{name}: two processes at a time")
        for checkpoint in path.parent.glob("checkpoints/*"):
            load_checkpoint(checkpoint)
    left = [p for p in soak.folder.rglob("*") if p.name.startswith((".tmp-", ".claim"))]
    left += list((soak.folder / "tmp").iterdir())
    wrong += [f"left behind: {path}" for path in left]
    extra = {p.name for p in soak.runs.iterdir() if p.is_dir()} - {
        f"candidate_{n}" for n in range(soak.candidates)
    }
    wrong += [f"a folder too many: {name}" for name in [*extra, *map(str, soak.logs.glob("replaced/*"))]]
    return wrong


def figures(soak: Soak, seconds: float) -> dict[str, float]:
    """What a soak came to."""
    events = soak.events()
    starts = [epoch for event, _, _, epoch, _ in events if event == "start"]
    trained = sum(event == "epoch" for event, *_ in events)
    pids = defaultdict(set)
    for _, name, pid, *_ in events:
        pids[name].add(pid)
    return {
        "candidates": soak.candidates,
        "workers": soak.workers,
        "epochs_each": soak.epochs,
        "kills": soak.kills,
        "kills_in_training": soak.kills_in_training,
        "resumed": sum(epoch > 0 for epoch in starts),
        "taken_over": sum(len(of_one) > 1 for of_one in pids.values()),
        "most_processes_on_one": max(map(len, pids.values()), default=0),
        "epochs_trained": trained,
        "epochs_wasted": trained - soak.candidates * soak.epochs,
        "sweeps_after_the_kills": soak.rounds,
        "seconds": round(seconds, 1),
    }


def main() -> int:
    """Soak, print the figures and what is amiss."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--candidates", type=int, default=40)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, default=ROOT / "logs/bench/soak.json")
    page_option(parser)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "tmp").mkdir()
        os.environ |= {"VOXNAS_LOG_DIR": f"{folder}/logs", LEDGER: f"{folder}/ledger", "OMP_NUM_THREADS": "1"}
        os.environ |= {"TMPDIR": f"{folder}/tmp", "PYTHONPATH": os.pathsep.join(sys.path)}
        soak = Soak(Path(folder), options.candidates, options.epochs, options.workers, options.seed)
        start = time.monotonic()
        soak.run(options.kills)
        found, wrong = figures(soak, time.monotonic() - start), audit(soak)
    table = Table("what", title="A study whose processes are killed at random")
    table.add_column("found", justify="right")
    for name, value in (found | {"amiss": len(wrong)}).items():
        table.add_row(name.replace("_", " "), str(value))
    show(table, options.page)
    print("\n".join(wrong) or "nothing is amiss")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(found | {"seed": options.seed, "amiss": wrong}, indent=1) + "\n")
    return int(bool(wrong) or soak.kills < options.kills)


if __name__ == "__main__":
    sys.exit(main())
