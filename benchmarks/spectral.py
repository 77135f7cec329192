"""Knobs told from images: the demo rig's, those of recordings, and the synthesizer's, beside peers' sizes.

    python benchmarks/spectral.py --only rig --into logs/bench/spectral
    python benchmarks/spectral.py --recordings table.csv
    python benchmarks/spectral.py --only opening

Each row makes its set where it is not there yet, trains by `src/train.py`, and prints what the record says.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from docs_page import page_option, show
from rich.table import Table
from spectral_peer import PEER_WIDTHS, told_by_peer

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

from voxnas.problems.spectral.vimh.dataset import open_set  # noqa: E402

# of each sound: images, epochs, our networks
RUNS = {
    "rig": (8192, 40, ("cnn_16k", "pooled_16k", "pooled_64k")),
    "saw": (4096, 8, ("cnn_2k", "cnn_8k", "vit_8k")),
    "moog_basic": (4096, 60, ("cnn_2k", "cnn_8k", "vit_8k")),
    "moog_envelope": (4096, 40, ("cnn_8k", "cnn_16k")),
    "moog_resonance": (4096, 40, ("cnn_8k", "cnn_16k")),
}
OF_DEVICES = ["data.batch_size=128"]
OVER_TIME = ["model.grid=[8,1]"]  # what a CNN of devices keeps: bands of frequency apart, means over time
EXCERPTS = ["sound.source.seconds=2.0", "sound.picture.width=24", "sound.source.parts=4"]


def main() -> None:
    arguments = parse()
    table = Table(title="Knobs told from images")
    for heading in (
        "sound",
        "network",
        "weights",
        "error",
        "of knobs told",
        "within a step",
        "together",
        "training, s",
        "each",
    ):
        table.add_column(heading, justify="left" if heading in ("sound", "network", "each") else "right")
    data, logs = arguments.into / "sets", arguments.into / "runs"
    if arguments.only in (None, "opening"):
        opening(arguments.images)
    for sound, (images, epochs, models) in RUNS.items():
        if arguments.only in (None, sound):
            row(table, sound, arguments.images or images, arguments.epochs or epochs, models, data, logs)
    if arguments.recordings:
        settings = [f"sound.source.settings={arguments.recordings.resolve()}", *EXCERPTS]
        models = ("pooled_16k",)
        number, epochs = arguments.images or 1800, arguments.epochs or 12  # of one playing little is learnt
        row(table, "recordings", number, epochs, models, data, logs, settings)
    if table.row_count:
        note = "Errors are shares of the knobs' ranges; together: of all test images of a setting at once"
        show(table, arguments.page, f"{note}; peer: the template's plain CNNs.")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", choices=[*RUNS, "opening", "none"])
    parser.add_argument("--recordings", type=Path, help="a CSV with a column file and one for each knob")
    parser.add_argument("--into", type=Path, default=ROOT / "logs/bench/spectral")
    parser.add_argument("--images", type=int, help="of each set, in place of the usual number")
    parser.add_argument("--epochs", type=int)
    page_option(parser)
    return parser.parse_args()


def row(
    table: Table,
    sound: str,
    images: int,
    epochs: int,
    models: tuple[str, ...],
    data: Path,
    logs: Path,
    settings: list[str] | None = None,
) -> None:
    """Make a set, train our networks and the peer's sizes on it, and print a line for each."""
    start = time.perf_counter()
    where = data / f"{sound}-{images}"
    if not where.is_dir():
        script("generate_vimh", f"sound={sound}", f"samples={images}", f"data_dir={where}", *(settings or []))
        print(f"{sound}: {images} images in {time.perf_counter() - start:.0f} s", flush=True)
    folder = next(where.glob("vimh-*"))
    for model in models:
        run = logs / f"{sound}-{images}-{model}-{epochs}"
        if not (run / "record.json").is_file():
            given = ["problem=spectral", "data=vimh", f"data.folder={folder}", f"model={model}", "logger=csv"]
            if sound in ("rig", "recordings"):
                given += OF_DEVICES + OVER_TIME * model.startswith("cnn")
            script("train", *given, f"trainer.max_epochs={epochs}", f"hydra.run.dir={run}")
        say(table, sound, model, json.loads((run / "record.json").read_text()))
    if sound not in ("rig", "recordings"):
        for name, widths in PEER_WIDTHS.items():
            where = logs / f"{sound}-{images}-peer_{name}-{epochs}.json"
            say_peer(table, sound, name, told_by_peer(widths, folder, epochs, where))


def say(table: Table, sound: str, model: str, record: dict) -> None:
    """Print what a record says, and add it to the table."""
    metrics, knobs = record["metrics"], record["details"]["knobs"]
    each = ", ".join(
        f"{k['name']} {k['mae']:.3f} ({k['within_step']:.1%}){'' if k['told'] else ' not told'}"
        for k in knobs
    )
    print(
        f"{sound:<15} {model:<8} {record['shape']['parameters']:>7,d} weights  "
        f"MAE {metrics['test_mae']:.4f}  "
        f"told {metrics.get('test_told_mae', float('nan')):.4f}  "
        f"within a step {metrics.get('test_within_step', float('nan')):.1%}  "
        f"{record['cost']['us_per_image']['value']:.0f} µs  {record['train_seconds']:.0f} s: {each}",
        flush=True,
    )
    told = [metrics.get(f"test_{name}", float("nan")) for name in ("told_mae", "within_step")]
    together = metrics.get("test_together_mae")
    figures = [
        f"{metrics['test_mae']:.4f}",
        f"{told[0]:.4f}",
        f"{told[1]:.1%}",
        "" if together is None else f"{together:.4f}",
        f"{record['train_seconds']:.0f}",
    ]
    errors = named({knob["name"]: knob["mae"] for knob in knobs})
    table.add_row(sound, model, f"{record['shape']['parameters']:,d}", *figures, errors)


def say_peer(table: Table, sound: str, name: str, told: dict[str, Any]) -> None:
    """Print what a peer's network tells, and add it to the table."""
    each = ", ".join(f"{n} {e:.3f} ({told['within'][n]:.1%})" for n, e in told["errors"].items())
    weights, seconds = f"{told['weights']:,d}", f"{told['seconds']:.0f}"
    print(f"{sound:<15} peer {name:<6} {weights} weights  MAE {told['mae']:.4f}  {seconds} s: {each}")
    table.add_row(
        sound, f"peer, {name}", weights, f"{told['mae']:.4f}", "", "", "", seconds, named(told["errors"])
    )


def named(errors: dict[str, float]) -> str:
    """Each knob with its error."""
    return ", ".join(f"{name} {error:.3f}" for name, error in errors.items())


def opening(images: int | None) -> None:
    """How long a set takes to open, beside reading it whole; medians of interleaved trials."""
    number = images or 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        script("generate_vimh", "sound=saw", "samples=1000", f"data_dir={folder}")
        small = next(Path(folder).glob("vimh-*"))
        part = (small / "train").read_bytes()
        with (small / "train").open("ab") as file:
            for _ in range(number // 800 - 1):
                file.write(part)
        train = 800 * (number // 800)
        path = small / "vimh_dataset_info.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "train_samples": train}))
        large = small.rename(small.with_name(small.name.replace("1000dss", f"{train + 200}dss")))
        times: dict[str, list[float]] = {"open": [], "read": []}
        for _ in range(5):
            for name, do in (
                ("open", lambda: open_set(large)),
                ("read", lambda: np.fromfile(large / "train", "u1")),
            ):
                start = time.perf_counter()
                do()
                times[name].append(time.perf_counter() - start)
        opened, read = (float(np.median(values)) for values in times.values())
        beside = f"reading them whole {1e3 * read:.0f} ms: × {read / opened:.0f}"
        print(f"opening {train:,d} images: {1e3 * opened:.1f} ms, {beside}")


def script(name: str, *arguments: str) -> None:
    """Run a script of src to its end."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    subprocess.run(
        [sys.executable, str(ROOT / "src" / f"{name}.py"), *arguments], check=True, env=environment
    )


if __name__ == "__main__":
    main()
