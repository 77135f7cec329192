"""What a transformer needs to model the demo rig's clipping stage, and what that costs.

    python benchmarks/transformer.py [2x4x16x1 8x8x16x1 2x8x16x4 ...] [--epochs 40] [--seeds 0] [--jobs 1]
        [--page docs/figures/transformer.md]

A size is layers x channels x window x dilation base, of two heads. The stage is that of data=demo by itself,
at drive .5: a guitar of 40 s before and behind it, 28 to train on, 6 to validate, 6 to test. Costs are of
blocks of 64 on one thread. What was trained once with as many epochs and seeds is not trained again.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from docs_page import page_option, show
from families import figures, spread
from rich.table import Table
from studies import LOGS, duel, pair

from voxnas.audio.demo.clipper import clip
from voxnas.audio.demo.guitar import play_guitar
from voxnas.audio.demo.oversample import FACTOR, downsample, upsample
from voxnas.audio.demo.rig import INPUT_V
from voxnas.audio.files import write_audio
from voxnas.models.build import build

RATE, DRIVE = 48_000, 0.5
SIZES = ("2x4x16x1", "8x8x16x1", "2x8x16x4", "4x8x16x4", "4x16x16x4")
SECTIONS = ('data.train="0:28"', 'data.val="28:34"', 'data.test="34:40"')
COLUMNS = ("weights", "MACs", "cost", "validation ESR", "test ESR")


def architecture(size: str) -> Mapping[str, object]:
    """Of layers x channels x window x dilation base."""
    layers, channels, window, base = map(int, size.split("x"))
    sizes = {"num_layers": layers, "channels": channels, "window": window, "dilation_base": base}
    found: Mapping[str, object] = build({"type": "Transformer", **sizes}).architecture()
    return found


def stage(folder: Path) -> tuple[Path, Path]:
    """The guitar, and what the clipping stage by itself makes of it, as loud as the guitar."""
    files = folder / "input.wav", folder / "target.wav"
    if not all(file.exists() for file in files):
        dry = play_guitar(40.0, RATE, 0).astype(np.float32)
        wet = downsample(clip(upsample(INPUT_V * dry.astype(np.float64), RATE), FACTOR * RATE, DRIVE), RATE)
        wet *= np.abs(dry).max() / np.abs(wet).max()
        folder.mkdir(parents=True, exist_ok=True)
        for file, samples in zip(files, (dry, wet.astype(np.float32)), strict=True):
            write_audio(file, samples, RATE)
    return files


def main(words: Sequence[str] | None = None) -> None:
    """Train each size, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sizes", nargs="*", default=list(SIZES))
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--jobs", type=int, default=1)
    page_option(parser)
    options = parser.parse_args(words)
    source, target = stage(LOGS / "bench/clipping_stage")
    data, study = pair(str(source), str(target), *SECTIONS), f"bench-transformer-{options.epochs}"
    seeds = ", ".join(map(str, options.seeds))
    shown = Table(
        title=f"Transformers on the demo rig's clipping stage, {options.epochs} epochs, seeds {seeds}"
    )
    for column in ("layers x channels x window x base", *COLUMNS):
        shown.add_column(column, justify="right", no_wrap=True)
    shapes = {size: architecture(size) for size in options.sizes}
    runs = duel(study, shapes, options.seeds, options.epochs, data, options.jobs)
    for size in options.sizes:
        row = figures(runs[size])
        cells = [str(row["parameters"]), str(row["macs_per_sample"]), f"{row['cost']:.4f}"]
        cells += [spread(row["score"]), spread(row["test_esr"])]
        shown.add_row(size, *cells)
    show(shown, options.page)


if __name__ == "__main__":
    main()
