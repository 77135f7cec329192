"""The table that searches are replayed on: networks, and their learning curves on recordings.

    python benchmarks/tabular/table.py FOLDER

makes of a folder that record.py has filled the files beside this one, and the experience that the amp problem
ships (the score at the end of each rung, for `search.experience=shipped`).
"""

import argparse
import csv
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from drawn_networks import Network

from voxnas.models.wavenet import WaveNet
from voxnas.problems.amp.problem import AmpProblem
from voxnas.search.experience.runs import KnownRun, write_runs

RUNGS = (48, 96, 192, 384, 768)  # optimizer steps that each adds
QUARTERS = 4  # of a rung, at whose ends the ESR is taken
HERE = Path(__file__).resolve().parent
NETWORKS, CURVES = HERE / "networks.jsonl.gz", HERE / "curves.csv"
COLUMNS = ("recording", "network", "rung", *(f"esr{q}" for q in range(1, QUARTERS + 1)), "cpu_s")


@dataclass(frozen=True)
class Table:
    """Networks that have climbed `rungs` rungs on every recording, in the order in which they were drawn.

    `esr` and `seconds` are by recording: `(networks, rungs, quarters)`, infinite from where training diverged
    on, and `(networks, rungs)`.
    """

    networks: Sequence[Network]
    rungs: int
    esr: Mapping[str, np.ndarray]
    seconds: Mapping[str, np.ndarray]

    @property
    def steps(self) -> list[int]:
        """Optimizer steps up to the end of each rung."""
        return [int(total) for total in np.cumsum(RUNGS[: self.rungs])]

    def every_second(self, first: int) -> "Table":
        """The networks in every second place from the first or second on, the presets in both."""
        rows = [i for i, n in enumerate(self.networks) if not n.choices or i % 2 == first]
        esr = {name: values[rows] for name, values in self.esr.items()}
        seconds = {name: values[rows] for name, values in self.seconds.items()}
        return Table([self.networks[row] for row in rows], self.rungs, esr, seconds)

    def scores(self, recording: str) -> np.ndarray:
        """The best ESR of each network on each rung, `(networks, rungs)`."""
        return self.esr[recording].min(axis=2)

    def runs(self, recording: str) -> list[KnownRun]:
        """What is known of the networks on a recording, as experience."""
        scores = self.scores(recording)
        return [
            KnownRun(recording, float(steps), float(score), network.architecture, shape_of(network))
            for network, row in zip(self.networks, scores, strict=True)
            for steps, score in zip(self.steps, row, strict=True)
            if np.isfinite(score)
        ]


def shape_of(network: Network) -> dict[str, Any]:
    """What a preview knows of it."""
    return _shape(network.name, json.dumps(network.architecture["layer_arrays"]))


@cache
def _shape(name: str, layer_arrays: str) -> dict[str, Any]:
    net = WaveNet(json.loads(layer_arrays), name=name, backend="torch")
    figures = ("num_parameters", "receptive_field", "macs_per_sample")
    return {name.removeprefix("num_"): getattr(net, name) for name in figures}


def as_table(networks: Sequence[Network], lines: Sequence[Mapping[str, Any]], rungs: int | None) -> Table:
    """Table of so many rungs; by default of as many as at least half of what was begun has climbed."""
    found = {(line["recording"], line["network"], line["rung"]): line for line in lines}
    recordings = sorted({line["recording"] for line in lines})
    ended = {(key[0], key[1]) for key, line in found.items() if len(line["esr"]) < QUARTERS}

    def whole(number: int, rung: int) -> bool:
        return all((r, number, rung) in found or (r, number) in ended for r in recordings)

    if rungs is None:
        counts = [sum(whole(n.number, rung) for n in networks) for rung in range(len(RUNGS))]
        rungs = max(rung + 1 for rung, count in enumerate(counts) if 2 * count >= counts[0])
    kept = [n for n in networks if all(whole(n.number, rung) for rung in range(rungs))]
    esr = {r: np.full((len(kept), rungs, QUARTERS), np.inf) for r in recordings}
    seconds = {r: np.zeros((len(kept), rungs)) for r in recordings}
    for row, network in enumerate(kept):
        for recording in recordings:
            for rung in range(rungs):
                line = found.get((recording, network.number, rung))
                if line is not None:
                    esr[recording][row, rung, : len(line["esr"])] = line["esr"]
                    seconds[recording][row, rung] = line["cpu_s"]
    return Table(kept, rungs, esr, seconds)


def write_table(networks: Sequence[Network], lines: Sequence[Mapping[str, Any]]) -> None:
    """The files beside this one."""
    begun = {line["network"] for line in lines}
    text = "".join(json.dumps(asdict(n), separators=(",", ":")) + "\n" for n in networks if n.number in begun)
    NETWORKS.write_bytes(gzip.compress(text.encode(), mtime=0))
    with CURVES.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for line in sorted(lines, key=lambda line: (line["recording"], line["network"], line["rung"])):
            esr = [*line["esr"], *[""] * (QUARTERS - len(line["esr"]))]
            writer.writerow([line["recording"], line["network"], line["rung"], *esr, line["cpu_s"]])


def read_table(rungs: int | None = None) -> Table:
    """The table of the files beside this one."""
    text = gzip.decompress(NETWORKS.read_bytes()).decode()
    networks = [Network(**json.loads(line)) for line in text.splitlines()]
    with CURVES.open(newline="") as file:
        lines = [_line(row) for row in csv.DictReader(file)]
    return as_table(networks, lines, rungs)


def _line(row: Mapping[str, str]) -> dict[str, Any]:
    esr = [float(row[f"esr{q}"]) for q in range(1, QUARTERS + 1) if row[f"esr{q}"]]
    numbers = {"network": int(row["network"]), "rung": int(row["rung"]), "cpu_s": float(row["cpu_s"])}
    return {"recording": row["recording"], "esr": esr, **numbers}


def main() -> None:
    """Write the files and what is shipped."""
    from networks import read
    from record import read_curves

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    write_table(read(folder / "networks.jsonl"), read_curves(folder))
    table = read_table()
    problem = AmpProblem()
    runs = [run for recording in table.esr for run in table.runs(recording)]
    write_runs(runs, problem.experience["shipped"], problem.name)
    sizes = [path.stat().st_size // 1000 for path in (NETWORKS, CURVES, problem.experience["shipped"])]
    print(f"{len(table.networks)} networks, steps {table.steps}, {list(table.esr)}: {sizes} kB")


if __name__ == "__main__":
    main()
