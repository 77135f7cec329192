"""What the benchmarks of searches share: the scripts as a user calls them, and a study's records."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from voxnas.records.record import FILE_NAME, Record

ROOT = Path(__file__).resolve().parents[1]
LOGS = Path(os.environ.get("VOXNAS_LOG_DIR", ROOT / "logs"))


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


def seconds(runs: Sequence[Record]) -> float:
    """What the runs trained together."""
    return sum(run.train_seconds or 0.0 for run in runs)
