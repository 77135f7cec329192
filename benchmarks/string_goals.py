"""How near neural strings come to what was set out for them, on own strings and on recorded notes.

    python benchmarks/string_goals.py [RECORDING ...] [--epochs 30] [--cut START:STOP ...] [--page FILE]

Own strings of one polarisation from -6, -24, -42 and -60 dBFS, of two polarisations that beat, and
recordings; each is trained by the recipe as configured, then runs freely for ten seconds at least. Beside it
a linear model of as many parameters: so many modes, found by ESPRIT.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import soundfile
from docs_page import page_option, show
from rich.table import Table

from voxnas.models.strings.net import StringNet
from voxnas.problems.string.data.note import Note, read_note
from voxnas.problems.string.data.own import OwnString
from voxnas.problems.string.free_run import free_run
from voxnas.problems.string.judge import judge
from voxnas.problems.string.modal import ring, strongest_modes
from voxnas.problems.string.stored import load_string

ROOT = Path(__file__).resolve().parents[1]
STARTS_DBFS = (-6, -24, -42, -60)
NETWORKS = {"linear": ["model.hidden=none"], "8 units": ["model.hidden=8"]}
COLUMNS = {
    "envelope_db": ("partials, dB", ".2f"),
    "t60_error": ("T60, %", ".2f"),
    "pitch_cents": ("pitch, cents", ".3f"),
    "glide_cents": ("glide, cents", ".2f"),
    "broadband_db": ("level, dB", ".2f"),
    "dc_dbfs": ("DC at the end, dBFS", ".0f"),
    "end_dbfs": ("level at the end, dBFS", ".0f"),
}


def train(folder: Path, epochs: int, *settings: str) -> tuple[StringNet, float]:
    """Train by the recipe; the network and the seconds that it took."""
    began = time.monotonic()
    command = [sys.executable, str(ROOT / "src/train.py"), "problem=string", f"trainer.max_epochs={epochs}"]
    environment = os.environ | {"VOXNAS_LOG_DIR": str(folder), "PYTHONPATH": str(ROOT / "src")}
    subprocess.run(
        [*command, f"hydra.run.dir={folder}/run", *settings], check=True, env=environment, stdout=sys.stderr
    )
    return load_string(folder / "run").network, time.monotonic() - began


def row(table: Table, what: str, network: str, figures: dict[str, float], size: int, seconds: float) -> None:
    """Add a line."""
    values = [figures[name] * (100 if name == "t60_error" else 1) for name in COLUMNS]
    shown = [f"{v:{form}}" for v, (_, form) in zip(values, COLUMNS.values(), strict=True)]
    table.add_row(what, network, f"{size}", *shown, f"{seconds:.0f}" if seconds else "–")


def of_note(table: Table, what: str, note: Note, epochs: int, starts: tuple[int, ...], *data: str) -> None:
    """Lines of one note: each network, from each start, and the modes."""
    sizes = []
    for name, settings in NETWORKS.items():
        with tempfile.TemporaryDirectory() as folder:
            network, seconds = train(Path(folder), epochs, *settings, *data)
        sizes.append(network.num_parameters)
        base = starts[0] if starts else 0
        for start in starts or (0,):
            gain = start - base
            samples = max(len(note.samples), 10 * note.sample_rate)
            found = asdict(judge(free_run(network, note, samples, gain), note, gain))
            label = f"{what}, from {start} dBFS" if starts else what
            row(table, label, name, found, network.num_parameters, seconds)
    for size in sorted(set(sizes)):
        modes = strongest_modes(note, size // 2)
        sound = ring(modes, note, max(len(note.samples), 10 * note.sample_rate))
        row(table, what, f"{len(modes)} modes", asdict(judge(sound, note)), 2 * len(modes), 0)


def main() -> None:
    """Print, and if asked for write, the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recordings", nargs="*", type=Path)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--cut", nargs="+", default=[], help="START:STOP in seconds of each recording")
    page_option(parser)
    given = parser.parse_args()
    table = Table(title="Neural strings that run freely, beside as many modes")
    for column in ("note", "string", "weights", *(title for title, _ in COLUMNS.values()), "training, s"):
        table.add_column(column, justify="left" if column in ("note", "string") else "right")
    own = OwnString()
    of_note(table, "own string", own.notes()[-1], given.epochs, STARTS_DBFS)
    two = OwnString(polarisations=2)
    both = ["data.own.polarisations=2", "model.polarisations=2"]
    of_note(table, "own string, two polarisations", two.notes()[-1], given.epochs, (), *both)
    for number, path in enumerate(given.recordings):
        with tempfile.TemporaryDirectory() as folder:
            take = path
            if number < len(given.cut):
                start, stop = (float(part) for part in given.cut[number].split(":"))
                samples, rate = soundfile.read(path, start=0, dtype="float64", always_2d=True)
                take = Path(folder) / "take.wav"
                part = samples[int(start * rate) : int(stop * rate), 0]
                soundfile.write(take, np.asarray(part), rate, subtype="FLOAT")
            note = read_note(take)
            what = f"{path.name} {given.cut[number] if number < len(given.cut) else ''}".strip()
            for lines in (1, 2):
                label = f"{what}, {note.pitch_hz:.1f} Hz, {lines} polarisation{'s' * (lines > 1)}"
                data = [f"data.recordings={take}", "data.cache=null", f"model.polarisations={lines}"]
                of_note(table, label, note, given.epochs, (), *data, "model.states=5")
    show(table, given.page)


if __name__ == "__main__":
    main()
