"""Read files broken at random, and say what became of them.

    python benchmarks/fuzz.py [--seconds 300] [--files N] [--seed 0] [--keep logs/bench/fuzz]

Every case is either a model that plays finite samples or an error of one line. Any other is an offence: it is
kept as a file, and the exit code is 1.
"""

import argparse
import logging
import resource
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import torch
from docs_page import page_option, show
from material.damage import (
    damaged_bytes,
    damaged_checkpoint,
    damaged_json,
    healthy_checkpoints,
    healthy_files,
)
from rich.table import Table

from voxnas.engine.make import make_engine
from voxnas.export.load import load_model
from voxnas.utils.errors import InputError

FINE = ("plays", "refused")
LIMIT_S = 2.0  # of processor time, for one file
BLOCK = (0.5 * np.random.default_rng(0).standard_normal(64)).astype(np.float32)


def outcome(path: Path) -> str:
    """`plays`, `refused`, or what is wrong with how it ended."""
    try:
        played = make_engine(load_model(path).network).process(BLOCK)
    except InputError as error:
        one_line = str(error).startswith(f"{path}: ") and "\n" not in str(error)
        return "refused" if one_line else f"not one line: {str(error)[:80]!r}"
    except Exception as error:  # what this is here to find
        return f"{type(error).__name__}: {str(error)[:80]}"
    return "plays" if np.isfinite(played).all() else "plays NaN or infinity"


def write_case(folder: Path, random: Random, files: dict, checkpoints: dict) -> Path:
    """A damaged file, of a kind chosen first so that each has its share."""
    kind = random.choice(sorted({_kind(name) for name in (*files, *checkpoints)}))
    path = folder / random.choice([name for name in (*files, *checkpoints) if _kind(name) == kind])
    if kind == ".ckpt":
        torch.save(damaged_checkpoint(checkpoints[path.name], random), path)
        if random.random() < 0.3:
            path.write_bytes(damaged_bytes(path.read_bytes(), random))
    else:
        damage = damaged_json if random.random() < 0.7 else damaged_bytes
        path.write_bytes(damage(files[path.name], random))
    return path


def _kind(name: str) -> str:
    return name[name.index(".") :]


def main() -> int:
    """1 if there was an offence."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--files", type=int, help="so many, however long that takes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("logs/bench/fuzz"))
    page_option(parser)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # PyTorch's, of the odder tensors
    logging.disable()
    files, checkpoints = healthy_files(), healthy_checkpoints()
    random = Random(options.seed)
    counts: Counter[tuple[str, str]] = Counter()
    worst_s, worst = 0.0, ""
    before_mib = _peak_mib()
    end = time.monotonic() + (float("inf") if options.files else options.seconds)
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end and counts.total() != options.files:
            path = write_case(Path(folder), random, files, checkpoints)
            start = time.process_time()
            ended = outcome(path)
            took_s = time.process_time() - start
            if took_s > worst_s:
                worst_s, worst = took_s, path.name
            if took_s > LIMIT_S:
                ended = "too slow"
            counts[_kind(path.name), ended] += 1
            if ended not in FINE:
                options.keep.mkdir(parents=True, exist_ok=True)
                path.replace(options.keep / f"{counts.total()}-{path.name}")
    note = f"The slowest took {worst_s:.2f} s ({worst}); peak memory {_peak_mib():.0f} MiB"
    show(table_of(counts), options.page, f"{note}, {before_mib:.0f} MiB of it before the first file.")
    return int(any(ended not in FINE for _, ended in counts))


def table_of(counts: Counter[tuple[str, str]]) -> Table:
    """What became of the files of each kind."""
    table = Table(title=f"What became of {counts.total():,} files broken at random")
    ends = [*FINE, *sorted({ended for _, ended in counts} - {*FINE})]
    for heading in ("kind", *ends):
        table.add_column(heading, justify="left" if heading == "kind" else "right")
    for kind in sorted({kind for kind, _ in counts}):
        table.add_row(kind, *(f"{counts[kind, ended]:,}" for ended in ends))
    return table


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux counts in KiB


if __name__ == "__main__":
    sys.exit(main())
