"""What networks answer where nothing was recorded: trained with `training.stress`, and without.

    python benchmarks/overshoot.py INPUT TARGET [TARGET ...] --other GUITAR [--models a2_lite a2_full]
        [--epochs 100] [--seeds 0]

Trains on 0-60 s of each pair, validates on 60-75 s after every epoch and tests on 75-90 s. The other guitar
is no part of any training; it and noise are played at full scale, and the peak of the answer is held against
the amp's loudest in the recording, as `test_overshoot_db` is.
"""

import argparse
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path

import numpy as np
from docs_page import page_option, show
from rich.table import Table
from studies import BARE, ROOT, SECTIONS, pair

from voxnas.audio.files import read_audio
from voxnas.engine.make import make_engine
from voxnas.engine.play import play
from voxnas.export.load import load_model
from voxnas.problems.amp.figures import SCORE
from voxnas.records.record import Record

KINDS = {"with": [], "without": ["training.stress=null"]}
NOISE_S = 10

Signals = dict[str, np.ndarray]  # by what they are


def train(folder: Path, model: str, seed: int, epochs: int, overrides: list[str]) -> Record:
    """One run from scratch."""
    own = [f"model={model}", f"seed={seed}", f"trainer.max_epochs={epochs}", f"hydra.run.dir={folder}"]
    command = [sys.executable, str(ROOT / "src/train.py"), *own, "patience=null", *BARE, *overrides]
    subprocess.run(command, check=True, stdout=sys.stderr)
    return Record.read(folder)


def beside(folder: Path, played: np.ndarray, loudest_in: float, loudest: float) -> float:
    """The peak of a model's answer over what is allowed, in dB; see `Peaks.allowed`."""
    heard = np.abs(play(make_engine(load_model(folder).network), played, 0)).max()
    allowed = loudest * max(1.0, float(np.abs(played).max()) / loudest_in)
    return 20 * float(np.log10(max(heard / allowed, 1e-6)))


def at_full_scale(signal: np.ndarray) -> np.ndarray:
    """The signal with a peak of 1."""
    return (signal / np.abs(signal).max()).astype(np.float32)


def measured(
    source: str,
    target: str,
    model: str,
    seed: int,
    epochs: int,
    how: list[str],
    others: dict[str, np.ndarray],
) -> list[str]:
    """A run's cells of the table."""
    dry, wet = (float(np.abs(read_audio(name).samples).max()) for name in (source, target))
    with tempfile.TemporaryDirectory() as folder:
        record = train(Path(folder), model, seed, epochs, [*pair(source, target, *SECTIONS), *how])
        found = [beside(Path(folder), played, dry, wet) for played in others.values()]
    bursts = sum(epoch["score"] >= (SCORE.diverged or 0) for epoch in record.history)
    esrs = [f"{esr:.3g}" for esr in (record.score, record.metrics["test_esr"])]
    return [*esrs, str(bursts), *(f"{db:+.1f}" for db in (record.metrics["test_overshoot_db"], *found))]


def main() -> None:
    """Print, and if asked for write, the table: a row for each run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("input")
    parser.add_argument("target", nargs="+")
    parser.add_argument("--other", required=True, help="a dry guitar that is not the input")
    parser.add_argument("--models", nargs="+", default=["a2_lite", "a2_full"])
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    page_option(parser)
    options = parser.parse_args()
    clip = read_audio(options.other)
    others = {
        "other guitar": at_full_scale(clip.samples),
        "noise": at_full_scale(np.random.default_rng(0).standard_normal(NOISE_S * clip.sample_rate)),
    }
    table = Table(title="Above the amp's loudest, in dB: with training.stress, and without")
    for heading in ("pair", "model", "stress"):
        table.add_column(heading)
    for heading in ("seed", "validation ESR", "test ESR", "epochs that burst", "test section", *others):
        table.add_column(heading, justify="right")
    for target, model, seed, kind in product(options.target, options.models, options.seeds, KINDS):
        figures = measured(options.input, target, model, seed, options.epochs, KINDS[kind], others)
        table.add_row(Path(target).stem, model, kind, str(seed), *figures)
    show(table, options.page)


if __name__ == "__main__":
    main()
