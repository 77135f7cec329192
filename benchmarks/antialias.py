"""What polishing against aliasing takes off a model and costs in ESR, beside playing it at twice the rate.

    python benchmarks/antialias.py INPUT TARGET [TARGET …] [--models nano lstm] [--seeds 0 1] [--seconds 90]
    python benchmarks/antialias.py RUN [RUN …]

Models are trained on 0–60 s of each pair, validated on 60–75 s and tested on 75–90 s, or taken from finished
runs of your own; then experiment=antialias polishes them on the same pair. Aliasing is the figure `asr` in
dB, over all pitches and over those above 2 kHz, where it is loudest. At twice the rate a model costs twice as
much. With --epochs the polish counts epochs instead of seconds, for machines that are busy with other things.
Runs lie in logs/bench/antialias, and are found there by the same command again.
"""

import argparse
import math
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from material.oversampled import REACH, Oversampled
from rich.console import Console
from rich.table import Table
from studies import LOGS, ROOT

from voxnas.audio.pair import load_pair
from voxnas.engine.aliasing import Aliasing, measure_aliasing, overall
from voxnas.engine.base import StreamingEngine
from voxnas.engine.make import make_engine
from voxnas.engine.play import play
from voxnas.export.load import load_model
from voxnas.records.record import FILE_NAME, Record

FOLDER = LOGS / "bench/antialias"
HIGH_HZ = 2000.0
SECTIONS = ("val", "test")
Figures = list[float]  # asr in dB over all pitches, over the high ones; ESR of val, of test


def train(folder: Path, *overrides: str) -> Path:
    """A finished run in a folder: as it was found there, or after src/train.py."""
    given = [*overrides, f"hydra.run.dir={folder}", "callbacks.preview=null", "logger=csv"]
    subprocess.run([sys.executable, str(ROOT / "src/train.py"), *given], check=True)
    return folder


def trained(options: argparse.Namespace) -> Iterator[Path]:
    """Runs that are to be polished."""
    if (Path(options.files[0]) / FILE_NAME).is_file():
        yield from map(Path, options.files)
        return
    source, *targets = map(os.path.abspath, options.files)
    for target in targets:
        pair = ["data=amp_pair", f"data.input={source}", f"data.target={target}"]
        pair += ["data.train=0:60", "data.val=60:75", "data.test=75:90"]
        for model in options.models:
            for seed in options.seeds:
                limits = ["trainer.max_epochs=10000", f"trainer.max_time={clock(options.seconds)}"]
                folder = FOLDER / f"{Path(target).stem}-{model}-{seed}-{options.seconds}s"
                yield train(folder, f"model={model}", f"seed={seed}", *pair, *limits)


def polished(run: Path, options: argparse.Namespace) -> Path:
    """The run, polished on the pair that it was trained on."""
    record = Record.read(run)
    data, rate = record.data, record.shape["sample_rate"]
    spans = {name: [samples / rate for samples in span] for name, span in data["sections"].items()}
    pair = ["data=amp_pair", *(f"data.{name}={data[name]}" for name in ("input", "target"))]
    pair += [f"data.delay={data['delay_samples']}"]
    pair += [f"data.{name}={start}:{stop}" for name, (start, stop) in spans.items()]
    length = [f"trainer.max_epochs={options.epochs}", "trainer.max_time=null"] if options.epochs else []
    start = ["experiment=antialias", f"init_from={run.resolve()}", f"seed={record.seed}"]
    folder = FOLDER / f"{run.name}-polished{f'-{options.epochs}' if options.epochs else ''}"
    return train(folder, *start, *pair, *length, *options.overrides)


def clock(seconds: int) -> str:
    return f"00:00:{seconds // 60:02d}:{seconds % 60:02d}"


def figures(engine: StreamingEngine, settle: int, late: int, record: Record) -> Figures:
    """Aliasing and ESR of whatever plays the model of a run."""
    data, rate = record.data, record.shape["sample_rate"]
    pair = load_pair(data["input"], data["target"], delay=data["delay_samples"])
    last = max(stop for _, stop in data["sections"].values())
    output = play(engine, pair.input[:last], late)
    spans = [slice(*data["sections"][name]) for name in SECTIONS]
    errors = [
        np.square(output[at] - pair.target[at]).sum() / np.square(pair.target[at]).sum() for at in spans
    ]
    found = measure_aliasing(engine, rate, settle)
    return [decibels(found), decibels([at for at in found if at.hz > HIGH_HZ]), *map(float, errors)]


def decibels(found: Sequence[Aliasing]) -> float:
    ratio = overall(found)
    return math.nan if ratio is None else 10 * math.log10(ratio)


def compare(run: Path, done: Path) -> dict[str, Figures]:
    """The figures of the model before, at twice the rate, and after."""
    record = Record.read(run)
    before, after = (load_model(folder).network for folder in (run, done))
    settle, late = before.receptive_field, before.delay_samples
    twice = Oversampled(before)
    return {
        "before": figures(make_engine(before), settle, late, record),
        "at twice the rate": figures(twice, settle + 4 * REACH, late + twice.delay_samples, record),
        "polished": figures(make_engine(after), settle, late, record),
    }


def show(rows: dict[str, dict[str, Figures]]) -> None:
    table = Table(title="Aliasing and ESR, before and after polishing")
    for name in ("run", "model", "asr (dB)", "above 2 kHz", "val ESR", "ratio", "test ESR", "ratio"):
        table.add_column(name, justify="left" if name in ("run", "model") else "right", overflow="fold")
    for run, found in rows.items():
        _, _, *at_start = found["before"]
        for model, (whole, high, *errors) in found.items():
            told = [
                text
                for error, start in zip(errors, at_start, strict=True)
                for text in (f"{error:.3g}", f"{error / start:.2f}")
            ]
            table.add_row(run if model == "before" else "", model, f"{whole:.1f}", f"{high:.1f}", *told)
    Console().print(table)


def main() -> None:
    """Train or take, polish, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", help="INPUT and TARGET, or folders of finished runs")
    parser.add_argument("--models", nargs="+", default=["nano"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--seconds", type=int, default=90, help="of training before")
    parser.add_argument("--epochs", type=int, default=None, help="of the polish, in the place of 55 seconds")
    parser.add_argument("--overrides", nargs="*", default=[], help="of the polish")
    options = parser.parse_args()
    rows = {}
    for run in trained(options):
        rows[run.name] = compare(run, polished(run, options))
        show({run.name: rows[run.name]})
    if len(rows) > 1:
        show(rows)


if __name__ == "__main__":
    main()
