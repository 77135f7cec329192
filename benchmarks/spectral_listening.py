"""How long one has to listen to a rig to tell its knobs: errors by the seconds that are heard.

    python benchmarks/spectral_listening.py --into logs/bench/spectral

A network is trained on images of the demo rig, and then hears other guitars through other settings.
"""

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

import torch
from docs_page import page_option, show
from rich.table import Table
from spectral import OF_DEVICES, ROOT, script

from voxnas.problems.spectral.data import as_batch
from voxnas.problems.spectral.together import estimates_together
from voxnas.problems.spectral.trained import TrainedReader, load_reader
from voxnas.problems.spectral.vimh.dataset import open_set

PER_SETTING = 16  # images of a setting that is heard
COUNTS = (1, 2, 4, 8, PER_SETTING)
CPU_FILE = "cpu_seconds.txt"
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
    tables = []
    for model in arguments.models:
        runs = [trained_on(trained, model, seed, arguments) for seed in arguments.seeds]
        tables.append(listening(model, runs, heard))
    note = (
        f"The mean of {len(arguments.seeds)} networks of other seeds, in brackets the worst, trained on "
        f"{arguments.images:,d} images. Errors are shares of the knobs' ranges; sure: shares of errors "
        f"within two of the deviations told. No guitar and none of the {arguments.settings} settings that "
        "were heard was trained on."
    )
    show(tables, arguments.page, note)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--into", type=Path, default=ROOT / "logs/bench/spectral")
    parser.add_argument("--images", type=int, default=12288, help="that are trained on")
    parser.add_argument("--settings", type=int, default=160, help="that are heard")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--models", nargs="+", default=["pooled_16k"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    page_option(parser)
    return parser.parse_args()


def made(folder: Path, *arguments: str) -> Path:
    """A set of the rig, made where it is not there yet."""
    if not folder.is_dir():
        script("generate_vimh", "sound=rig", f"data_dir={folder.resolve()}", *arguments)
    return next(folder.glob("vimh-*"))


def trained_on(images: Path, model: str, seed: int, arguments: argparse.Namespace) -> Path:
    """The folder of a network trained on images."""
    name = f"listening-{arguments.images}-{model}-{arguments.epochs}-{seed}"
    run: Path = arguments.into / "runs" / name
    if not (run / "record.json").is_file():
        before = cpu_of_children()
        given = ["problem=spectral", "data=vimh", f"data.folder={images}", f"model={model}", "logger=csv"]
        how = [*OF_DEVICES, f"seed={seed}", f"trainer.max_epochs={arguments.epochs}"]
        script("train", *given, *how, f"hydra.run.dir={run}")
        (run / CPU_FILE).write_text(f"{cpu_of_children() - before:.1f}\n")
    return run


def cpu_of_children() -> float:
    """Seconds of CPU time that processes which this one has started and awaited took, all cores together."""
    times = os.times()
    return times.children_user + times.children_system


def listening(model: str, runs: Sequence[Path], heard: Path) -> Table:
    """Errors of one image of each setting, of two together, and so on to all."""
    records = [json.loads((run / "record.json").read_text()) for run in runs]
    seconds = [float((run / CPU_FILE).read_text()) for run in runs if (run / CPU_FILE).is_file()]
    title = f"Knobs told by {model}, {records[0]['shape']['parameters']:,d} weights"
    table = Table(title=f"{title}, trained in {max(seconds):.0f} s of CPU time" if seconds else title)
    readers, opened = [load_reader(run) for run in runs], open_set(heard)
    names = [knob.name for knob in readers[0].knobs]
    for heading in ("heard, s", "all knobs", *names, *(f"{name} sure" for name in names)):
        table.add_column(heading, justify="right")
    parts = [as_batch(part) for part in (opened.train, opened.test)]
    target = torch.cat([y for _, y in parts])[::PER_SETTING]
    with torch.inference_mode():
        outputs = [torch.cat([reader.network(*x) for x, _ in parts]) for reader in readers]
    for count in COUNTS:
        errors, sure = [], []
        for reader, output in zip(readers, outputs, strict=True):
            error, deviation = of_some(reader, output, target, count)
            errors.append(error.mean(dim=0))
            sure.append((error <= 2 * deviation).float().mean(dim=0))
        each, share = torch.stack(errors), torch.stack(sure)
        columns = torch.cat([each.mean(dim=1, keepdim=True), each], dim=1).T
        told = [f"{column.mean():.3f} ({column.max():.3f})" for column in columns]
        told += [f"{column.mean():.0%} ({column.min():.0%})" for column in share.T]
        table.add_row(f"{count * readers[0].picture.seconds:.0f}", *told)
    return table


def of_some(
    reader: TrainedReader, output: torch.Tensor, target: torch.Tensor, count: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Errors and the deviations told, of the first images of each setting together, `(settings, knobs)`."""
    number = torch.arange(len(output))
    kept = number % PER_SETTING < count
    setting, heads = number[kept] // PER_SETTING, reader.network.heads
    mean, deviation = estimates_together(output[kept], setting, reader.knobs, heads, reader.common)
    return (mean - target).abs(), deviation


if __name__ == "__main__":
    main()
