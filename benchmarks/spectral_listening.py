"""How long one has to listen to a rig to tell its knobs: errors by the seconds that are heard.

    python benchmarks/spectral_listening.py --into logs/bench/spectral

A network is trained on images of the demo rig, and then hears other guitars through other settings.
"""

import argparse
import json
from pathlib import Path

import torch
from docs_page import page_option, show
from rich.table import Table
from spectral import OF_DEVICES, ROOT, script

from voxnas.problems.spectral.data import as_batch
from voxnas.problems.spectral.losses import estimates
from voxnas.problems.spectral.together import together
from voxnas.problems.spectral.trained import load_reader
from voxnas.problems.spectral.vimh.dataset import open_set

PER_SETTING = 16  # images of a setting that is heard
SEED = 7  # of what is heard: other settings, other guitars


def main() -> None:
    arguments = parse()
    data = arguments.into / "sets"
    trained = made(data / f"rig-{arguments.images}", f"samples={arguments.images}")
    heard = made(
        data / f"heard-{arguments.settings}",
        *(f"samples={arguments.settings * PER_SETTING}", f"seed={SEED}"),
        f"sound.source.per_setting={PER_SETTING}",
    )
    runs = [trained_on(trained, model, arguments) for model in arguments.models]
    tables = [listening(run, model, heard) for run, model in zip(runs, arguments.models, strict=True)]
    note = "Errors are shares of the knobs' ranges; sure: shares of errors within two of the deviations told."
    show(tables, arguments.page, f"{note} Nothing that is heard was trained on, neither guitar nor setting.")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--into", type=Path, default=ROOT / "logs/bench/spectral")
    parser.add_argument("--images", type=int, default=6144, help="that are trained on")
    parser.add_argument("--settings", type=int, default=160, help="that are heard")
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--models", nargs="+", default=["pooled_16k"])
    page_option(parser)
    return parser.parse_args()


def made(folder: Path, *arguments: str) -> Path:
    """A set of the rig, made where it is not there yet."""
    if not folder.is_dir():
        script("generate_vimh", "sound=rig", f"data_dir={folder.resolve()}", *arguments)
    return next(folder.glob("vimh-*"))


def trained_on(images: Path, model: str, arguments: argparse.Namespace) -> Path:
    """The folder of a network trained on images."""
    run: Path = arguments.into / "runs" / f"listening-{arguments.images}-{model}-{arguments.epochs}"
    if not (run / "record.json").is_file():
        given = ["problem=spectral", "data=vimh", f"data.folder={images}", f"model={model}", "logger=csv"]
        script("train", *given, *OF_DEVICES, f"trainer.max_epochs={arguments.epochs}", f"hydra.run.dir={run}")
    return run


def listening(run: Path, model: str, heard: Path) -> Table:
    """Errors of one image of each setting, of two together, and so on to all."""
    record, reader, opened = json.loads((run / "record.json").read_text()), load_reader(run), open_set(heard)
    weights, seconds = record["shape"]["parameters"], record["train_seconds"]
    table = Table(title=f"Knobs told by {model}, {weights:,d} weights, trained in {seconds:.0f} s")
    names = [knob.name for knob in reader.knobs]
    for heading in ("heard, s", "all knobs", *names, *(f"{name} sure" for name in names)):
        table.add_column(heading, justify="right")
    parts = [as_batch(records) for records in (opened.train, opened.test)]
    with torch.inference_mode():
        output = torch.cat([reader.network(*x) for x, _ in parts])
    target = torch.cat([y for _, y in parts])[::PER_SETTING]
    number = torch.arange(len(output))
    for count in (1, 2, 4, 8, PER_SETTING):
        kept = number % PER_SETTING < count
        joined = together(output[kept], number[kept] // PER_SETTING, reader.network.heads)
        mean, deviation = estimates(joined, reader.knobs, reader.network.heads)
        error = (mean - target).abs()
        each = [f"{one:.3f}" for one in error.mean(dim=0)]
        sure = [f"{one:.0%}" for one in (error <= 2 * deviation).float().mean(dim=0)]
        table.add_row(f"{count * reader.picture.seconds:.0f}", f"{error.mean():.4f}", *each, *sure)
    return table


if __name__ == "__main__":
    main()
