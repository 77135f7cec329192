"""How good one model for all settings is: at settings kept back, at those it trained on, and in between.

    python benchmarks/knobs.py [SETTINGS.csv INPUT] [OVERRIDE ...] [--model nano] [--epochs 40]
        [--leave-out 3] [--jobs 1] [--page docs/figures/knobs_demo.md]

Without a table: the demo rig's drive, tone and level. For each of some settings, corners, edges and the
middle in turn, one model trains on all others and is tested on it; one trains on all; and one on that setting
alone, for `--alone-epochs`. A corner that is kept back lies outside all others: what a model makes of it is a
guess, and stands apart from what it makes of a setting between others. The cost is that of the network with
its knobs at rest beside the same without, timed in turns. Overrides, such as model.conditioning=weights, go
to every training with knobs, and on the command line behind the two files. Then each knob is swept finely,
the others at rest: a picture shows how much the sound changes from position to position, which no jump
may interrupt; a page has it beside the table. Runs lie in logs/bench/knobs, and are found there by the same
command again; those of one setting alone whatever the overrides.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from docs_page import write_page
from rich.console import Console
from rich.table import Table
from studies import LOGS, ROOT

from voxnas.engine.benchmark import side_by_side
from voxnas.engine.make import make_engine
from voxnas.export.load import load_model
from voxnas.models.build import build
from voxnas.problems.amp.data.knobs.sources import amp_knobs, demo_knobs
from voxnas.problems.amp.data.knobs.table import Row
from voxnas.problems.amp.data.knobs.table import Table as KnobTable
from voxnas.records.identity import available_cores
from voxnas.records.record import Record

FOLDER = LOGS / "bench/knobs"
CORNER, EDGE, INSIDE = "corner", "edge", "between others"
POSITIONS, SECONDS = 101, 2.0
BLOCK_SIZE = 64


Overrides = list[str]


@dataclass(frozen=True)
class Device:
    """Recordings with knobs: the overrides that train on them, and their module."""

    name: str
    data: Any
    overrides: Overrides

    @classmethod
    def of(cls, files: Sequence[str]) -> "Device":
        """Of SETTINGS.csv and INPUT; of the demo rig without any."""
        if not files:
            folder = str(ROOT / "data/demo")
            return cls("demo", demo_knobs(folder), ["data=demo_knobs", f"data.folder={folder}"])
        settings, source = map(os.path.abspath, files)
        overrides = ["data=amp_knobs", f"data.settings={settings}", f"data.input={source}"]
        return cls(Path(settings).parent.name, amp_knobs(settings, source), overrides)


def train(folder: Path, *overrides: str) -> Record:
    """The record of a finished run in a folder: as src/train.py found it there, or made it."""
    given = [*overrides, f"hydra.run.dir={folder}", "callbacks.preview=null", "logger=csv"]
    given += ["callbacks.aliasing=null", "callbacks.soft_playing=null", "callbacks.benchmark=null"]
    subprocess.run([sys.executable, str(ROOT / "src/train.py"), *given], check=True)
    return Record.read(folder)


def train_all(runs: Mapping[str, tuple[Path, Overrides]], jobs: int) -> dict[str, Record]:
    """The records of all runs, each a folder and overrides, by their names; so many trained side by side."""
    threads = [f"threads={max(1, available_cores() // jobs)}"] if jobs > 1 else []
    with ThreadPoolExecutor(jobs) as pool:
        found = pool.map(lambda run: train(run[0], *run[1], *threads), runs.values())
        return dict(zip(runs, found, strict=True))


def test_esr(record: Record, row: Row) -> float:
    """The test ESR of a model with knobs at a row's setting."""
    scores: Sequence[Mapping[str, Any]] = record.details["settings"]
    return float(next(s["test_esr"] for s in scores if s["setting"] == dict(row.setting)))


def kinds_of(table: KnobTable) -> dict[str, list[Row]]:
    """The rows by where they lie: all knobs at an end, some, or none."""
    heard = np.array([table.heard(row) for row in table.rows])
    ends = ((heard == heard.min(axis=0)) | (heard == heard.max(axis=0))).sum(axis=1)
    found: dict[str, list[Row]] = {CORNER: [], EDGE: [], INSIDE: []}
    for row, count in zip(table.rows, ends, strict=True):
        found[INSIDE if not count else CORNER if count == heard.shape[1] else EDGE].append(row)
    return found


def spread_over(table: KnobTable, count: int) -> dict[str, list[Row]]:
    """So many rows, of each kind in turn, the middle ones of a kind first."""
    kinds = kinds_of(table)
    orders = {
        kind: sorted(rows, key=lambda r: abs(rows.index(r) - len(rows) / 2)) for kind, rows in kinds.items()
    }
    turns = [
        (kind, order[turn]) for turn in range(count) for kind, order in orders.items() if turn < len(order)
    ]
    return {kind: [row for of, row in turns[:count] if of == kind] for kind in kinds}


def without(row: Row) -> str:
    """The setting of a row as `data.held_out` takes it."""
    setting = ", ".join(f"{name}: {value}" for name, value in row.setting.items())
    return f"data.held_out=[{{{setting}}}]"


def costs(run: Path, rate: int) -> tuple[float, float]:
    """Microseconds per block with knobs at rest, and of the same network without, timed in turns."""
    architecture = load_model(run).network.architecture()
    plain = {key: value for key, value in architecture.items() if key != "controls"}
    engines = [make_engine(build(shape)) for shape in (architecture, plain)]
    timings = side_by_side(engines, [rate] * 2, [BLOCK_SIZE], 400)
    first, second = (1000 * of[0].median_ms for of in timings)  # type: ignore[operator]
    return first, second


def sweeps(run: Path, dry: np.ndarray) -> dict[str, np.ndarray]:
    """By knob the change of sound from each of `POSITIONS` to the next: ESR of one against the other."""
    network = load_model(run).network
    changes = {}
    for control in (c for c in network.controls if not c.options):
        played = []
        for value in control.positions(POSITIONS):
            engine = make_engine(network)
            engine.set_controls({control.name: value}, glide=0)
            engine.reset()
            played.append(engine.process(dry).astype(np.float64))
        pairs = pairwise(played)
        changes[control.name] = np.array([np.square(b - a).sum() / np.square(a).sum() for a, b in pairs])
    return changes


def draw(changes: Mapping[str, np.ndarray], path: Path) -> None:
    """A curve for each knob."""
    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    for name, change in changes.items():
        axes.semilogy(np.arange(len(change)) / (len(change) - 1), np.sqrt(change), label=name)
    axes.set(
        xlabel="knob, 0 to 1",
        ylabel="change to the next of 101 positions\n(share of the signal)",
        title="A fine sweep of each knob, the others at rest",
    )
    axes.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def loudest(samples: np.ndarray, size: int) -> np.ndarray:
    """The stretch of so many samples with the most energy."""
    energy = np.concatenate([[0], np.cumsum(np.square(samples, dtype=np.float64))])
    start = int(np.argmax(energy[size:] - energy[:-size])) if len(samples) > size else 0
    return np.ascontiguousarray(samples[start : start + size], np.float32)


def runs_of(
    device: Device, rows: Sequence[Row], at: Path, options: argparse.Namespace
) -> dict[str, tuple[Path, Overrides]]:
    """Folder and overrides of every run by its name: of all settings, of all but one, and of one alone."""
    about = [*device.overrides, f"model={options.model}", f"trainer.max_epochs={options.epochs}"]
    about += options.overrides
    runs = {"all": (at / "all", about)}
    alone = FOLDER / f"{device.name}-{options.model}-alone-{options.alone_epochs}"
    for row in rows:
        runs[f"without-{short(row)}"] = at / f"without-{short(row)}", [*about, without(row)]
        place = device.data.table.rows.index(row)
        delay = device.data.recordings.recordings[place].pair.delay_samples
        runs[f"alone-{short(row)}"] = alone / short(row), [
            "data=amp_pair", f"data.input={row.input}", f"data.target={row.target}", f"data.delay={delay}",
            f"model={options.model}", f"trainer.max_epochs={options.alone_epochs}",
        ]  # fmt: skip
    return runs


def short(row: Row) -> str:
    return row.label.replace("=", "").replace(" ", "-")


def table_of(
    device: Device, kinds: Mapping[str, list[Row]], found: Mapping[str, Record], model: str
) -> Table:
    """A row for each setting that was kept back."""
    table = Table(title=f"One model for all knobs: {device.name}, {model}")
    for title in ("setting", "where", "alone", "trained on all", "ratio", "kept back", "ratio"):
        table.add_column(title, justify="left" if title in ("setting", "where") else "right")
    for where, row in ((where, row) for where, rows in kinds.items() for row in rows):
        alone = found[f"alone-{short(row)}"].metrics["test_esr"]
        on_all, back = (test_esr(found[name], row) for name in ("all", f"without-{short(row)}"))
        ratios = f"{on_all / alone:.2f}", f"{back / alone:.2f}"
        table.add_row(row.label, where, f"{alone:.2g}", f"{on_all:.2g}", ratios[0], f"{back:.2g}", ratios[1])
    return table


def said_of(run: Path, device: Device, mean: float, picture: Path) -> list[str]:
    """What else is known of the model of all settings, in sentences; draws the sweep."""
    rate = device.data.sample_rate
    with_knobs, plain = costs(run, rate)
    said = [
        "Test ESR of the setting, and over that of a model of the setting alone. "
        f"The mean over all settings is {mean:.2g}.",
        f"A block of {BLOCK_SIZE} takes {with_knobs:.2f} µs with knobs and {plain:.2f} without, timed in"
        f" turns: {with_knobs / plain:.3f} times as long.",
    ]
    found = sweeps(run, loudest(device.data.recording.pair.input, round(SECONDS * rate)))
    for knob, change in found.items():
        steps = np.sqrt(change)
        jump = np.max(steps[1:-1] / np.median([steps[:-2], steps[1:-1], steps[2:]], axis=0))
        said.append(
            f"A sweep of {knob} in {POSITIONS} positions changes the sound by {np.median(steps):.2g} of"
            f" itself from each to the next, by {steps.max():.2g} at most, and nowhere by more than"
            f" {jump:.2f} times what it does beside."
        )
    draw(found, picture)
    return said


def main() -> None:
    """Train what is not there yet, compare, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", help="SETTINGS.csv INPUT, none for the demo rig; and overrides")
    parser.add_argument("--model", default="nano")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--alone-epochs", type=int, default=160)
    parser.add_argument("--leave-out", type=int, default=3, help="how many settings")
    parser.add_argument("--jobs", type=int, default=1, help="trainings side by side")
    parser.add_argument("--page", type=Path, help="write the table there, and the picture beside it")
    options = parser.parse_args()
    options.overrides = [word for word in options.files if "=" in word]
    device = Device.of([word for word in options.files if "=" not in word])
    kinds = spread_over(device.data.table, options.leave_out)
    rows = [row for of in kinds.values() for row in of]
    about = [word.replace("=", "").replace("+", "") for word in options.overrides]
    at = FOLDER / "-".join([device.name, options.model, str(options.epochs), *about])
    found = train_all(runs_of(device, rows, at, options), options.jobs)
    table = table_of(device, kinds, found, ", ".join([options.model, *options.overrides]))
    picture = at / "sweep.png"
    said = said_of(at / "all", device, found["all"].metrics["test_esr"], picture)
    Console().print(table)
    print("\n".join(said), f"wrote {picture}", sep="\n")
    if options.page:
        write_page(table, options.page)
        shown = options.page.with_suffix(".png")
        shutil.copyfile(picture, shown)
        more = [*said, f"![the change of sound over each knob's way]({shown.name})"]
        options.page.write_text(options.page.read_text() + "\n" + "\n\n".join(more) + "\n")


if __name__ == "__main__":
    main()
