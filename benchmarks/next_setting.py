"""Mean ESR over a dense grid against the number of recordings: settings proposed, and settings by chance.

    python benchmarks/next_setting.py [--knobs drive tone] [--most 8] [--seeds 0 1 2] [--epochs 30] [--jobs 1]
        [--page docs/figures/next_setting.md]

On the demo rig. Both begin with the same three settings: two opposite corners and the middle. Then one
setting after another is recorded, each on a grid of hundredths: either where an ensemble of cheap models
differs most, as src/next_setting.py proposes, or anywhere. The ESR is that of the ensemble's best model, by
its own validation, at all positions of a dense grid, which trains nothing. Runs and
curves lie in logs/bench/next_setting, and are found there by the same command again.
"""

import argparse
import itertools
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from docs_page import write_page
from rich.console import Console
from rich.table import Table
from studies import LOGS, ROOT

from voxnas.audio.demo.cache import demo_pair
from voxnas.audio.files import read_audio
from voxnas.engine.make import make_engine
from voxnas.export.load import load_model
from voxnas.models.base import StreamingNetwork
from voxnas.problems.amp.disagreement import candidates, propose
from voxnas.records.record import FILE_NAME, Record

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
    seeds = range(10 * seed, 10 * seed + options.ensemble)
    runs = [folder / f"member{own}" for own in seeds]
    if not all((run / FILE_NAME).is_file() and Record.read(run).status == "ok" for run in runs):
        quiet = [f"callbacks.{name}=null" for name in ("preview", "aliasing", "soft_playing", "benchmark")]
        given = ["data=amp_knobs", f"data.settings={table}", "data.delay=0", "logger=csv", *quiet]
        given += [f"model={options.model}", f"trainer.max_epochs={options.epochs}", "threads=1"]
        given += [f"seed={','.join(map(str, seeds))}", f"hydra.sweep.dir={folder}"]
        command = [sys.executable, str(ROOT / "src/train.py"), "-m", *given]
        command += ["hydra.sweep.subdir=member${seed}"]
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


def chosen(
    how: str, networks: Sequence[StreamingNetwork], known: Sequence[Setting], seed: int, dry: np.ndarray
) -> Setting:
    """The next setting, proposed, or by chance; neither is known yet."""
    if how == "proposed":
        setting = propose(networks, dry, 1, seed=seed, recorded=known)[0].setting
        return _rounded(setting)
    tried = candidates(networks[0].controls, 256, seed)
    order = np.random.default_rng(100 * seed + len(known)).permutation(len(tried))
    return next(s for place in order if (s := _rounded(tried[place])) not in known)


def _rounded(setting: Mapping[str, float | str]) -> Setting:
    return {name: round(float(value), 2) for name, value in setting.items()}


def curve(how: str, seed: int, grid: Sequence[Setting], options: argparse.Namespace) -> list[float]:
    """Mean ESR with 3, 4, … settings; as it was found, or measured and kept."""
    folder = at_options(options) / f"seed{seed}"
    kept = folder / f"{how}.json"
    if kept.is_file() and len(known := json.loads(kept.read_text())["mean_esr"]) > options.most - len(
        BEGINNING
    ):
        return known[: options.most - len(BEGINNING) + 1]
    settings: list[Setting] = [dict.fromkeys(options.knobs, value) for value in BEGINNING]
    found = []
    dry = read_audio(pair(settings[1])[0]).samples[-round(PLAYED_S * RIG["sample_rate"]) :]
    while True:
        start = "start" if len(settings) == len(BEGINNING) else f"{how}-{len(settings)}"
        runs = train(settings, folder / start, options, seed)
        best = min(runs, key=lambda run: Record.read(run).score or np.inf)
        found.append(grid_esr(best, grid))
        print(f"seed {seed}, {how}, {len(settings)} settings: mean ESR {found[-1]:.4f}", flush=True)
        if len(settings) == options.most:
            kept.write_text(json.dumps({"mean_esr": found, "settings": settings}))
            return found
        networks = [load_model(run).network for run in runs]
        settings.append(chosen(how, networks, settings, seed, np.ascontiguousarray(dry, np.float32)))


def begin(seed: int, options: argparse.Namespace) -> None:
    """Train on the settings that every curve of a seed begins with."""
    settings = [dict.fromkeys(options.knobs, value) for value in BEGINNING]
    train(settings, at_options(options) / f"seed{seed}" / "start", options, seed)


def at_options(options: argparse.Namespace) -> Path:
    """Where the runs of these options lie."""
    about = ["-".join(options.knobs), options.model, options.epochs, f"of{options.ensemble}", options.grid]
    return FOLDER / "-".join(map(str, about))


def main() -> None:
    """Measure what is not known yet, print the table, draw the curves."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--knobs", nargs="+", default=["drive", "tone"])
    parser.add_argument("--most", type=int, default=8, help="settings in the end")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--ensemble", type=int, default=3)
    parser.add_argument("--model", default="nano")
    parser.add_argument("--jobs", type=int, default=1, help="curves side by side, each on one core")
    parser.add_argument("--page", type=Path, help="write the table there, and the curves beside it")
    parser.add_argument("--grid", type=int, default=5, help="positions of each knob that are judged")
    options = parser.parse_args()
    positions = np.round(np.linspace(0, 1, options.grid), 3).tolist()
    places = itertools.product(positions, repeat=len(options.knobs))
    grid = [dict(zip(options.knobs, at, strict=True)) for at in places]
    kinds = list(itertools.product(("proposed", "chance"), options.seeds))
    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(lambda seed: begin(seed, options), options.seeds))  # both kinds begin with these
        every = list(pool.map(lambda kind: curve(*kind, grid, options), kinds))
    proposed, chance = np.array(every).reshape(2, len(options.seeds), -1)
    counts = range(len(BEGINNING), options.most + 1)
    table = table_of(counts, proposed, chance)
    said = compared(counts, proposed.mean(axis=0), chance.mean(axis=0))
    picture = at_options(options) / "curve.png"
    draw(counts, {"proposed": proposed, "chance": chance}, picture)
    Console().print(table)
    print(said, f"wrote {picture}", sep="\n")
    if options.page:
        write_page(table, options.page)
        shown = options.page.with_suffix(".png")
        shutil.copyfile(picture, shown)
        more = f"\n{said}\n\n![mean ESR over the number of recordings]({shown.name})\n"
        options.page.write_text(options.page.read_text() + more)


def table_of(counts: Sequence[int], proposed: np.ndarray, chance: np.ndarray) -> Table:
    """A row for each number of settings: the seeds' mean, least and most."""
    table = Table(title="Which setting to record next: mean ESR over a grid of settings")
    for title in ("settings", "proposed", "least to most", "by chance", "least to most"):
        table.add_column(title, justify="right")
    for place, count in enumerate(counts):
        cells = [(f[:, place].mean(), f[:, place].min(), f[:, place].max()) for f in (proposed, chance)]
        row = [cell for mean, least, most in cells for cell in (f"{mean:.4f}", f"{least:.4f} to {most:.4f}")]
        table.add_row(str(count), *row)
    return table


def compared(counts: Sequence[int], proposed: np.ndarray, chance: np.ndarray) -> str:
    """With how many settings proposals are where chance is in the end."""
    reached = [count for count, esr in zip(counts, proposed, strict=True) if esr <= chance[-1]]
    said = f"with {reached[0]}, {reached[0] / counts[-1]:.0%} of them" if reached else "not"
    return f"Chance comes to {chance[-1]:.4f} with {counts[-1]} settings; proposals come to that {said}."


def draw(counts: Sequence[int], curves: Mapping[str, np.ndarray], path: Path) -> None:
    """The seeds' mean, and their range around it."""
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    for how, found in curves.items():
        axes.semilogy(counts, found.mean(axis=0), marker="o", label=how)
        axes.fill_between(counts, found.min(axis=0), found.max(axis=0), alpha=0.2)
    axes.set(xlabel="settings recorded", ylabel="mean ESR over a dense grid")
    axes.legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
