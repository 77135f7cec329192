"""What a differentiable search finds beside random search and a grid, for equal training time and CPU cost.

    python benchmarks/darts.py INPUT TARGET [TARGET ...] [--seconds 300] [--seeds 0 1 2] [KEY=VALUE ...]

Every method has the same seconds of training per recording and seed, its search included, as CPU time of one
thread, so that other load on the machine counts for nothing. `random` tries genotypes drawn from the same
space, each briefly, then goes on with the best for the rest; `grid` is space=poc in two phases, half of the
time each. Both may only try what costs at most what the search's result costs, timed side by side in blocks
of 64; `random_any` and `grid_any` may try everything. All finished runs stay in logs/bench/darts, where the
same command finds them again. KEY=VALUE are settings of the search, such as nas_model_size=l nas_penalty=0.1.
"""

import argparse
import json
import os
import random
import runpy
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docs_page import page_option, show
from rich.table import Table

from voxnas.records.record import Record

ROOT = Path(__file__).resolve().parents[1]
LOGS = ROOT / "logs/bench/darts"
RESULTS = ROOT / "logs/bench/darts.json"
METHODS = ("darts", "random", "grid", "random_any", "grid_any")
GRID = [(layers, channels) for layers in (5, 6, 7, 8) for channels in (16, 24, 32)]  # space=poc
TOLERANCE = 1.02  # of a measured cost
LONG = 100_000  # epochs: time ends a run


@dataclass(frozen=True)
class Case:
    """One recording and seed, and what the search is told."""

    source: str
    target: str
    seed: int
    seconds: float
    search_share: float
    candidates: int
    overrides: tuple[str, ...]

    @property
    def key(self) -> str:
        """What a result depends on, in words."""
        told = "_".join(o.replace("=", "-").replace("/", "-") for o in self.overrides)
        return f"{Path(self.target).stem}_{self.seconds:g}s_seed-{self.seed}" + (f"_{told}" if told else "")

    def train(self, study: str, *overrides: str, max_seconds: float | None = None) -> None:
        """Run src/train.py; time caps are of its CPU time."""
        caps = [] if max_seconds is None else [f"trainer.max_time='{clock(max_seconds)}'"]
        data = ["data=amp_pair", f"data.input='{self.source}'", f"data.target='{self.target}'", "threads=1"]
        fixed = ["callbacks.preview=null", "patience=null", f"trainer.max_epochs={LONG}"]
        self.start("train", *overrides, f"study={study}", *caps, *data, *fixed)

    def start(self, script: str, *overrides: str) -> None:
        """Run src/<script>.py in a process of its own."""
        command = [sys.executable, __file__, "--child", script, *overrides]
        log = LOGS / self.key / "log"
        log.parent.mkdir(parents=True, exist_ok=True)
        environment = os.environ | {"OMP_NUM_THREADS": "1", "VOXNAS_LOG_DIR": str(LOGS / self.key)}
        with log.open("a") as output:
            done = subprocess.run(command, stdout=output, stderr=output, env=environment)
        if done.returncode not in (0, 1):  # 1: a candidate failed, and the others count
            raise SystemExit(f"{log}: {script}.py ended with exit code {done.returncode}")

    def runs(self, study: str, rung: str) -> list[tuple[Path, Record]]:
        """Folders and records of the finished runs, the best by validation first."""
        found = [(path.parent, Record.read(path))
                 for path in (LOGS / self.key / "nas" / study / rung).glob("*/record.json")]  # fmt: skip
        done = [run for run in found if run[1].status == "ok"]
        return sorted(done, key=lambda run: run[1].loss)


def clock(seconds: float) -> str:
    """As the trainer wants it, DD:HH:MM:SS; a second at least."""
    whole = max(1, round(seconds))
    return f"00:{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def darts(case: Case) -> Path:
    """Search, then train what was found; the result's folder."""
    searching, training = case.search_share * case.seconds, (1 - case.search_share) * case.seconds
    caps = f"+cap={{darts: '{clock(searching)}', retrain: '{clock(training)}'}}"
    case.train("darts", "-m", "search=darts", *case.overrides, f"nas_seeds=[{case.seed}]",
               f"nas_epochs={LONG}", caps, "trainer.max_time='${cap.${rung}}'")  # fmt: skip
    return case.runs("darts", "retrain")[0][0]


def two_phases(case: Case, study: str, candidates: Sequence[list[str]], keep: int) -> Path:
    """All candidates for half of the time, the best of them from their weights for the other half."""
    for overrides in candidates:
        case.train(study, "-m", "search=phase1", f"seed={case.seed}", *overrides,
                   max_seconds=case.seconds / 2 / len(candidates))  # fmt: skip
    case.start("promote", f"study={study}", f"keep={keep}")
    case.train(study, "-m", "search=phase2", max_seconds=case.seconds / 2 / keep)
    return case.runs(study, "phase2")[0][0]


def random_search(case: Case, study: str, limit: Path | None) -> Path:
    """So many genotypes by chance, each table's options as likely as each other."""
    folder = LOGS / case.key / study
    chance, written = random.Random(case.seed), list[Path]()
    space = _space(case)
    while len(written) < case.candidates:
        from voxnas.models.from_genotype import network_of
        from voxnas.models.genotype import write_genotype

        for table in space.choices.values():
            table.set_one_hot([chance.randrange(len(table.options)) for _ in table.rows])
        genotype = space.genotype()
        if limit is None or _within(limit, [network_of(genotype)])[0]:
            written.append(write_genotype(genotype, folder / f"{len(written)}.json"))
    return two_phases(case, study, [["model=genotype", f"genotype='{path}'"] for path in written], keep=1)


def grid(case: Case, study: str, limit: Path | None) -> Path | None:
    """The two-phase search of space=poc; None where nothing in it is cheap enough."""
    from voxnas.models.wavenet import stack

    allowed = [True] * len(GRID) if limit is None else _within(limit, [stack(*shape) for shape in GRID])
    shapes = [shape for shape, may in zip(GRID, allowed, strict=True) if may]
    candidates = [[f"model.num_layers={layers}", f"model.channels={channels}"] for layers, channels in shapes]
    return two_phases(case, study, candidates, keep=-(-len(shapes) // 2)) if candidates else None


def _space(case: Case) -> Any:
    """The relaxed network that the case's search began with."""
    from hydra.utils import instantiate
    from omegaconf import OmegaConf

    (config,) = (LOGS / case.key / "nas/darts/darts").glob("*/.hydra/config.yaml")
    return instantiate(OmegaConf.load(config).darts.network, _convert_="all")


def _within(limit: Path, networks: Sequence[Any]) -> list[bool]:
    """Which cost no more than the model of a run, timed beside it."""
    from voxnas.export.load import load_model

    costs = _costs([load_model(limit / "model.json").network, *networks])
    return [cost <= TOLERANCE * costs[0] for cost in costs[1:]]


def _costs(networks: Iterable[Any]) -> list[float]:
    """Fraction of real time in blocks of 64 at 48 kHz, side by side."""
    from voxnas.engine.benchmark import side_by_side
    from voxnas.engine.make import make_engine

    engines = [make_engine(network) for network in networks]
    return [timing.rtf for (timing,) in side_by_side(engines, [48_000] * len(engines), [64])]


def compare(case: Case, methods: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What each method ends with."""
    from voxnas.export.load import load_model

    found: dict[str, Path | None] = {"darts": darts(case)}
    for method in methods:
        if method != "darts":
            run = random_search if method.startswith("random") else grid
            found[method] = run(case, method, None if method.endswith("_any") else found["darts"])
    folders = {method: folder for method, folder in found.items() if folder is not None}
    costs = _costs(load_model(folder / "model.json").network for folder in folders.values())
    return {
        method: _result(Record.read(folder), cost)
        for (method, folder), cost in zip(folders.items(), costs, strict=True)
    }


def _result(record: Record, cost: float) -> dict[str, Any]:
    names = ("candidate", "test_esr", "score", "parameters", "macs_per_sample")
    names += ("epochs", "train_seconds")
    return {**{name: record.value(name) for name in names}, "rtf_block64": cost}


def table(results: dict[str, dict[str, dict[str, Any]]], case_of: dict[str, tuple[str, int]]) -> Table:
    """Means over the seeds, with the standard deviation."""
    grid_ = Table(title="ESR on the test section, equal training time")
    for column in ("recording", "method", "test ESR", "validation ESR", "cost, block 64", "parameters"):
        grid_.add_column(column, justify="left" if column in ("recording", "method") else "right")
    for target in dict.fromkeys(target for target, _ in case_of.values()):
        for method in METHODS:
            of = [results[key][method] for key, (own, _) in case_of.items()
                  if own == target and method in results.get(key, {})]  # fmt: skip
            if of:
                columns = ("test_esr", "score", "rtf_block64", "parameters")
                digits = {"parameters": 0}
                figures = (_spread([r[name] for r in of], digits.get(name, 5)) for name in columns)
                grid_.add_row(Path(target).stem, f"{method} ({len(of)})", *figures)
    return grid_


def _spread(values: Sequence[float], digits: int) -> str:
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.{digits}f} ± {deviation:.{digits}f}"


def child(script: str, arguments: list[str]) -> None:
    """Run src/<script>.py with a clock that stands still while others have the CPU."""
    import lightning.pytorch  # noqa: F401 - what it starts may wait by the real clock

    time.monotonic = time.process_time
    sys.argv = [str(ROOT / f"src/{script}.py"), *arguments]
    sys.path.insert(0, str(ROOT / "src"))
    runpy.run_path(sys.argv[0], run_name="__main__")


def main() -> None:
    """Measure what is not known yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input")
    parser.add_argument("target", nargs="+")
    parser.add_argument("--seconds", type=float, default=300.0, help="of training per method and case")
    parser.add_argument("--search-share", type=float, default=0.4, help="of them, for the search")
    parser.add_argument("--candidates", type=int, default=8, help="that random search tries")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--jobs", type=int, default=1, help="cases side by side, each on one thread")
    page_option(parser)
    overrides = tuple(word for word in sys.argv[1:] if "=" in word and not word.startswith("-"))
    options = parser.parse_args([word for word in sys.argv[1:] if word not in overrides])
    targets = [os.path.abspath(target) for target in options.target]
    cases = [
        Case(os.path.abspath(options.input), target, seed, options.seconds, options.search_share,
             options.candidates, overrides)
        for target in targets for seed in options.seeds
    ]  # fmt: skip
    with ThreadPoolExecutor(options.jobs) as pool:
        measured = pool.map(lambda case: (case.key, compare(case, options.methods)), cases)
        results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        for key, found in measured:
            results[key] = results.get(key, {}) | found
            RESULTS.parent.mkdir(parents=True, exist_ok=True)
            RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    show(table(results, {case.key: (case.target, case.seed) for case in cases}), options.page)


if __name__ == "__main__":
    child(sys.argv[2], sys.argv[3:]) if sys.argv[1:2] == ["--child"] else main()
