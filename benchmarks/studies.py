"""What the benchmarks of searches share: the scripts as a user calls them, and a study's records."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.utils import instantiate
from omegaconf import OmegaConf

from voxnas.records.record import FILE_NAME, Record
from voxnas.search.cost.streaming import CostMeter

ROOT = Path(__file__).resolve().parents[1]
LOGS = Path(os.environ.get("VOXNAS_LOG_DIR", ROOT / "logs"))
SECTIONS = ('data.train="0:60"', 'data.val="60:75"', 'data.test="75:90"')
BARE = ("callbacks.preview=null", "callbacks.aliasing=null", "callbacks.benchmark.block_sizes=[64]")

Shapes = dict[str, Mapping[str, Any]]  # architectures by name


def pair(source: str, target: str, *sections: str) -> list[str]:
    """The overrides that train on a pair of recordings that is aligned already."""
    files = [f"data.input='{os.path.abspath(source)}'", f"data.target='{os.path.abspath(target)}'"]
    return ["data=amp_pair", *files, "data.delay=0", *sections]


def script(name: str, *arguments: str, jobs: int = 1) -> None:
    """Run src/<name>.py; with jobs, so many runs of a sweep side by side. Raises where it fails."""
    side_by_side = ["hydra/launcher=joblib", f"hydra.launcher.n_jobs={jobs}"] if jobs > 1 else ["threads=1"]
    sweep = ["-m", *side_by_side] if name == "train" else []
    subprocess.run([sys.executable, str(ROOT / f"src/{name}.py"), *sweep, *arguments], check=True)


def records(study: str, rung: str = "*") -> list[Record]:
    """The finished runs of a study."""
    found = [Record.read(path) for path in sorted((LOGS / "nas" / study).glob(f"{rung}/*/{FILE_NAME}"))]
    return [record for record in found if record.status == "ok"]


def duel(
    study: str, shapes: Shapes, seeds: Sequence[int], epochs: int, data: Sequence[str], jobs: int
) -> dict[str, list[Record]]:
    """Each architecture from scratch with every seed, for so many epochs: its runs by name."""
    folder = LOGS / "promoted" / "candidate" / study
    folder.mkdir(parents=True, exist_ok=True)
    for name, shape in shapes.items():
        values = {"name": f'${{run_name:"{name}",${{unnamed}}}}', "model": {"architecture": shape}}
        header = "# @package _global_\ndefaults:\n  - override /model: architecture\n\n"
        (folder / f"{name}.yaml").write_text(header + OmegaConf.to_yaml(OmegaConf.create(values)))
    script(
        "train", "search=rung", "rung=duel", f"study={study}",
        f"seed={','.join(map(str, seeds))}", f"candidate={','.join(f'{study}/{name}' for name in shapes)}",
        f"trainer.max_epochs={epochs}", "patience=null", *BARE, *data, jobs=jobs,
    )  # fmt: skip
    runs = [run for run in records(study, "duel") if run.seed in seeds and run.epochs == epochs]
    return {name: [r for r in runs if r.architecture == dict(shape)] for name, shape in shapes.items()}


def cost_meter(block_size: int) -> CostMeter:
    """What tells costs as searches have it, beside the same reference."""
    config = OmegaConf.load(ROOT / "configs/cost/default.yaml")
    meter: CostMeter = instantiate(config, block_size=block_size, _convert_="all")
    return meter


def seconds(runs: Sequence[Record]) -> float:
    """What the runs trained together."""
    return sum(run.train_seconds or 0.0 for run in runs)
