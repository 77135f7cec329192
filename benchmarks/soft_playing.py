"""Soft playing on the demo rig: what the take says, beside the truth with the input turned down.

    python benchmarks/soft_playing.py [--epochs 60] [--seeds 0 1] [--weights 0 0.1] [--seconds 100]

Trains nano per seed and weight of `training.loss.soft_esr`. A recording does not tell how its amp answers the
same riff played softer; the rig can be asked, and so the figures of records be held against that.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from docs_page import page_option, show
from rich.table import Table

from voxnas.audio.demo.rig import play_amp
from voxnas.engine.make import make_engine
from voxnas.engine.play import play
from voxnas.export.load import load_model
from voxnas.problems.amp.data.demo import load_demo
from voxnas.problems.amp.levels import BELOW_DB
from voxnas.records.record import Record

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "data" / "demo"
WAYS = ("the take", "turned down")
SETTLED_S = 0.1  # after the start, when amp and model are in no state of rest any more


def train(folder: Path, seed: int, weight: float, epochs: int, seconds: float) -> Record:
    """Train nano on the demo pair."""
    overrides = [
        "model=nano", f"seed={seed}", f"trainer.max_epochs={epochs}", f"data.seconds={seconds}",
        f"training.loss.soft_esr={weight}", f"hydra.run.dir={folder}", "callbacks.benchmark=null",
    ]  # fmt: skip
    subprocess.run([sys.executable, str(ROOT / "src/train.py"), *overrides], check=True, stdout=sys.stderr)
    return Record.read(folder)


def turned_down(folder: Path, seconds: float) -> list[float]:
    """ESR over the held-out sections with the input turned down in truth by each of `BELOW_DB`."""
    recording = load_demo(DATA, seconds=seconds)
    pair, network = recording.pair, load_model(folder).network
    held_out = slice(recording.sections.val[0], recording.sections.test[1])
    dry, wet, rate = pair.input[held_out], pair.target[held_out], pair.sample_rate
    own = play_amp(dry, rate)
    level = float(np.dot(own, wet) / np.dot(own, own))  # the take may have been turned down as a whole
    found, begin = [], round(SETTLED_S * rate)
    for db in BELOW_DB:
        soft = (dry * 10 ** (-db / 20)).astype(np.float32)
        target = (level * play_amp(soft, rate))[begin:]
        error = play(make_engine(network), soft, 0)[begin:] - target
        found.append(float(np.square(error).sum() / np.square(target).sum()))
    return found


def main() -> None:
    """Print, and if asked for write, the table: a row for each run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--weights", type=float, nargs="+", default=[0.0, 0.1])
    parser.add_argument("--seconds", type=float, default=100.0)
    page_option(parser)
    options = parser.parse_args()
    table = Table(title="Soft playing: ESR as a take tells it, and with the guitar turned down in truth")
    table.add_column("training.loss.soft_esr")
    for heading in ("seed", "validation ESR", *(f"{db} dB: {how}" for db in BELOW_DB for how in WAYS)):
        table.add_column(heading, justify="right")
    for weight in options.weights:
        for seed in options.seeds:
            with tempfile.TemporaryDirectory() as folder:
                record = train(Path(folder), seed, weight, options.epochs, options.seconds)
                truth = turned_down(Path(folder), options.seconds)
            told = [level["esr"] for level in record.details["soft_playing"]]
            pairs = zip(told, truth, strict=True)
            cells = [f"{esr:.3g}" if esr is not None else "–" for pair in pairs for esr in pair]
            table.add_row(f"{weight:g}", str(seed), f"{record.score:.3g}", *cells)
    show(table, options.page)


if __name__ == "__main__":
    main()
