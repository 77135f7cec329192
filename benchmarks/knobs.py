"""How good one model for all settings is: at settings kept back, at those it trained on, and in between.

    python benchmarks/knobs.py [SETTINGS.csv INPUT] [--model nano] [--epochs 40] [--leave-out 3]

Without a table: the demo rig's drive, tone and level. For each of some settings, spread over the table, one
model trains on all others and is tested on it; one trains on all; and one on that setting alone, for
`--alone-epochs`. The cost is that of the network with its knobs at rest beside the same without, timed in
turns. Then each knob is swept finely, the others at rest: a picture shows how much the sound changes from
position to position, which no jump may interrupt. Runs lie in logs/bench/knobs, and are found there by the
same command again.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from rich.console import Console
from rich.table import Table
from studies import LOGS, ROOT

from voxnas.engine.benchmark import side_by_side
from voxnas.engine.make import make_engine
from voxnas.export.load import load_model
from voxnas.models.build import build
from voxnas.problems.amp.data.knobs.sources import amp_knobs, demo_knobs
from voxnas.problems.amp.data.knobs.table import Row
from voxnas.records.record import Record

FOLDER = LOGS / "bench/knobs"
POSITIONS, SECONDS = 101, 2.0
BLOCK_SIZE = 64


def train(folder: Path, *overrides: str) -> Record:
    """The record of a finished run in a folder: as it was found there, or after src/train.py."""
    given = [*overrides, f"hydra.run.dir={folder}", "callbacks.preview=null", "logger=csv"]
    given += ["callbacks.aliasing=null", "callbacks.soft_playing=null", "callbacks.benchmark=null"]
    subprocess.run([sys.executable, str(ROOT / "src/train.py"), *given], check=True)
    return Record.read(folder)


def test_esr(record: Record, row: Row) -> float:
    """The test ESR of a model with knobs at a row's setting."""
    scores: Sequence[Mapping[str, Any]] = record.details["settings"]
    return float(next(s["test_esr"] for s in scores if s["setting"] == dict(row.setting)))


def spread_over(rows: Sequence[Row], count: int) -> list[Row]:
    """So many rows, the middle one among them."""
    places = {round(place) for place in np.linspace(0, len(rows) - 1, 2 * count + 1)[1::2]}
    return [rows[place] for place in sorted(places)]


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


def main() -> None:
    """Train what is not there yet, compare, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", help="SETTINGS.csv INPUT; none for the demo rig")
    parser.add_argument("--model", default="nano")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--alone-epochs", type=int, default=160)
    parser.add_argument("--leave-out", type=int, default=3, help="how many settings")
    options = parser.parse_args()
    if options.files:
        settings, source = map(os.path.abspath, options.files)
        data, kind = amp_knobs(settings, source), ["data=amp_knobs"]
        kind += [f"data.settings={settings}", f"data.input={source}"]
        name = Path(settings).resolve().parent.name
    else:
        data, kind, name = demo_knobs(str(ROOT / "data/demo")), ["data=demo_knobs"], "demo"
        kind += [f"data.folder={ROOT / 'data/demo'}"]
    about = [f"model={options.model}", f"trainer.max_epochs={options.epochs}"]
    at = FOLDER / f"{name}-{options.model}-{options.epochs}"
    whole = train(at / "all", *kind, *about)
    table = Table(title=f"{name}, {options.model}: test ESR, and over that of a model of the setting alone")
    for title in ("setting", "alone", "trained on all", "ratio", "kept back", "ratio"):
        table.add_column(title, justify="left" if title == "setting" else "right")
    for row in spread_over(data.table.rows, options.leave_out):
        label = row.label.replace("=", "").replace(" ", "-")
        pair = [f"data.input={row.input}", f"data.target={row.target}", "data=amp_pair"]
        delay = next(s["delay_samples"] for s in whole.data["settings"] if s["target"] == row.target)
        length = [f"trainer.max_epochs={options.alone_epochs}", f"data.delay={delay}"]
        alone = train(at / f"alone-{label}", *pair, f"model={options.model}", *length).metrics["test_esr"]
        on_all = test_esr(whole, row)
        back = test_esr(train(at / f"without-{label}", *kind, *about, without(row)), row)
        ratios = f"{on_all / alone:.2f}", f"{back / alone:.2f}"
        table.add_row(row.label, f"{alone:.2g}", f"{on_all:.2g}", ratios[0], f"{back:.2g}", ratios[1])
    with_knobs, plain = costs(at / "all", data.sample_rate)
    Console().print(table)
    print(f"mean test ESR over all settings {whole.metrics['test_esr']:.4f}")
    print(
        f"block of {BLOCK_SIZE}: {with_knobs:.2f} µs with knobs, {plain:.2f} without:"
        f" × {with_knobs / plain:.3f}"
    )
    found = sweeps(at / "all", loudest(data.recording.pair.input, round(SECONDS * data.sample_rate)))
    for knob, change in found.items():
        steps = np.sqrt(change)
        jump = np.max(steps[1:-1] / np.median([steps[:-2], steps[1:-1], steps[2:]], axis=0))
        print(f"sweep of {knob}: steps of {np.median(steps):.4f}, largest {steps.max():.4f}, "
              f"at most × {jump:.2f} of its neighbours")  # fmt: skip
    draw(found, at / "sweep.png")
    print(f"wrote {at / 'sweep.png'}")


if __name__ == "__main__":
    main()
