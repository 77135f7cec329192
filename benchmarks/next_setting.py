"""Mean ESR over a dense grid against the number of recordings: settings proposed, and settings by chance.

    python benchmarks/next_setting.py [--knobs drive tone] [--most 8] [--seeds 0 1 2] [--epochs 30]

On the demo rig. Both begin with the same three settings: two opposite corners and the middle. Then one
setting after another is recorded, each on a grid of hundredths: either where an ensemble of cheap models
differs most, as src/next_setting.py proposes, or anywhere. The ESR is that of the ensemble's best model, by
its own validation, at all positions of a dense grid, which trains nothing. Runs lie in
logs/bench/next_setting, and are found there by the same command again.
"""

import argparse
import itertools
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from rich.console import Console
from rich.table import Table
from studies import LOGS, ROOT

from voxnas.audio.demo.cache import demo_pair
from voxnas.audio.files import read_audio
from voxnas.engine.make import make_engine
from voxnas.export.load import load_model
from voxnas.models.base import StreamingNetwork
from voxnas.problems.amp.disagreement import candidates, propose
from voxnas.records.record import Record

FOLDER = LOGS / "bench/next_setting"
DEMO = ROOT / "data/demo"
RIG = {"seconds": 12.0, "sample_rate": 48_000, "seed": 0}
BEGINNING = (0.1, 0.5, 0.9)
PLAYED_S = 3.0
Setting = Mapping[str, float]


def pair(setting: Setting) -> tuple[Path, Path]:
    """The rig's recording at a setting."""
    return demo_pair(DEMO, **RIG, **setting)  # type: ignore[arg-type]


def train(settings: Sequence[Setting], folder: Path, options: argparse.Namespace, seed: int) -> list[Path]:
    """The ensemble's runs on these settings, as they were found or after src/train.py."""
    folder.mkdir(parents=True, exist_ok=True)
    names = list(settings[0])
    lines = [",".join(["file", "input", *(f"{name} [0..1]" for name in names)])]
    for setting in settings:
        dry, wet = pair(setting)
        lines.append(",".join([str(wet), str(dry), *(str(setting[name]) for name in names)]))
    table = folder / "settings.csv"
    table.write_text("\n".join(lines) + "\n")
    runs = []
    for member in range(options.ensemble):
        runs.append(folder / f"member{member}")
        about = [
            f"model={options.model}",
            f"trainer.max_epochs={options.epochs}",
            f"seed={10 * seed + member}",
        ]
        quiet = [f"callbacks.{name}=null" for name in ("preview", "aliasing", "soft_playing", "benchmark")]
        data = ["data=amp_knobs", f"data.settings={table}", "data.delay=0", "logger=csv", *quiet]
        command = [sys.executable, str(ROOT / "src/train.py"), *data, *about, f"hydra.run.dir={runs[-1]}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return runs


def grid_esr(run: Path, grid: Sequence[Setting]) -> float:
    """Mean ESR over a grid of settings, on the end of the recordings."""
    network, errors = load_model(run).network, []
    for setting in grid:
        dry, wet = (read_audio(path).samples for path in pair(setting))
        engine = make_engine(network)
        engine.set_controls(setting, glide=0)
        engine.reset()
        start = len(dry) - round(PLAYED_S * RIG["sample_rate"])
        heard = max(0, start - network.receptive_field)
        output = engine.process(np.ascontiguousarray(dry[heard:], np.float32))[start - heard :]
        errors.append(np.square(output - wet[start:]).sum() / np.square(wet[start:]).sum())
    return float(np.mean(errors))


def chosen(how: str, networks: Sequence[StreamingNetwork], count: int, seed: int, dry: np.ndarray) -> Setting:
    """The next setting, proposed or by chance; the rig's knobs at 0.1 to 0.9, as the grid's."""
    if how == "proposed":
        setting = propose(networks, dry, 1, seed=seed)[0].setting
        return {name: round(float(value), 2) for name, value in setting.items()}
    tried = candidates(networks[0].controls, 256, seed)
    picked = tried[int(np.random.default_rng(100 * seed + count).integers(len(tried)))]
    return {name: round(float(value), 2) for name, value in picked.items()}


def curve(how: str, seed: int, grid: Sequence[Setting], options: argparse.Namespace) -> list[float]:
    """Mean ESR with 3, 4, … settings."""
    settings: list[Setting] = [dict.fromkeys(options.knobs, value) for value in BEGINNING]
    found = []
    dry = read_audio(pair(settings[1])[0]).samples[-round(PLAYED_S * RIG["sample_rate"]) :]
    while True:
        start = "start" if len(settings) == len(BEGINNING) else f"{how}-{len(settings)}"
        runs = train(settings, FOLDER / f"seed{seed}" / start, options, seed)
        best = min(runs, key=lambda run: Record.read(run).score or np.inf)
        found.append(grid_esr(best, grid))
        print(f"seed {seed}, {how}, {len(settings)} settings: mean ESR {found[-1]:.4f}", flush=True)
        if len(settings) == options.most:
            return found
        networks = [load_model(run).network for run in runs]
        settings.append(chosen(how, networks, len(settings), seed, np.ascontiguousarray(dry, np.float32)))


def main() -> None:
    """Measure what is not known yet, print the table, draw the curves."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--knobs", nargs="+", default=["drive", "tone"])
    parser.add_argument("--most", type=int, default=8, help="settings in the end")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--ensemble", type=int, default=3)
    parser.add_argument("--model", default="nano")
    parser.add_argument("--grid", type=int, default=5, help="positions of each knob that are judged")
    options = parser.parse_args()
    positions = np.round(np.linspace(0, 1, options.grid), 3).tolist()
    places = itertools.product(positions, repeat=len(options.knobs))
    grid = [dict(zip(options.knobs, at, strict=True)) for at in places]
    curves = {
        how: np.array([curve(how, seed, grid, options) for seed in options.seeds])
        for how in ("proposed", "chance")
    }
    counts = range(len(BEGINNING), options.most + 1)
    table = Table("settings", *(f"{how}, mean of {len(options.seeds)} seeds" for how in curves))
    for place, count in enumerate(counts):
        table.add_row(str(count), *(f"{found[:, place].mean():.4f}" for found in curves.values()))
    Console().print(table)
    by_chance, proposed = curves["chance"].mean(axis=0)[-1], curves["proposed"].mean(axis=0)
    reached = [count for count, esr in zip(counts, proposed, strict=True) if esr <= by_chance]
    said = f"with {reached[0]}, {reached[0] / options.most:.0%}" if reached else "not reached"
    print(f"chance has {by_chance:.4f} with {options.most} settings; proposals reach that {said}")
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    for how, found in curves.items():
        axes.semilogy(counts, found.mean(axis=0), marker="o", label=how)
        axes.fill_between(counts, found.min(axis=0), found.max(axis=0), alpha=0.2)
    axes.set(xlabel="settings recorded", ylabel="mean ESR over a dense grid")
    axes.legend(frameon=False)
    FOLDER.mkdir(parents=True, exist_ok=True)
    figure.savefig(FOLDER / "curve.png", dpi=120)
    print(f"wrote {FOLDER / 'curve.png'}")


if __name__ == "__main__":
    main()
