"""What a search finds at the cost of the plug-in's own presets, against those presets.

    python benchmarks/presets.py INPUT TARGET [TARGET ...] [--budgets nano] [--jobs 2] [--epochs 100]
        [--seeds 101 102 103] [SETTING=VALUE ...]

For each budget, `search=budget` looks for the best model that costs no more than that preset in the plug-in's
engine (default build, by the cost model); settings after the options are the search's. Then what it found and
every preset within the budget are trained from scratch, for as many epochs, on the same data, with seeds that
no search has seen. The figure is the ratio of mean ESRs: on the validation section, which the search selects
on, and on the test section, which nothing does; and their geometric mean over the recordings.
Prints a table, writes logs/bench/presets.json and presets.png; what is there is not trained again.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from own_speed import network
from presets_report import plot, table
from rich.console import Console
from studies import BARE, LOGS, SECTIONS, Shapes, duel, pair, script

from voxnas.engine.cost.profile import plugin_cost
from voxnas.problems.amp.problem import AmpProblem
from voxnas.records.record import Record
from voxnas.records.study import ANSWER

PRESETS = AmpProblem.presets
SEEDS = (101, 102, 103)  # of the duel
# Of a search: about as much training as 100 epochs of each preset with three seeds
SEARCH = ("search.candidates=24", "search.generations=3", "search.rungs=[6,24,80]", "search.keep=[8,4]")
RESULTS = LOGS / "bench"


def cost(architecture: Mapping[str, Any]) -> float:
    """Share of real time in the plug-in's engine at 48 kHz."""
    return plugin_cost(architecture).rtf


def presets_within(budget: str) -> Shapes:
    """The presets that cost no more than this one."""
    shapes = {name: network(name, "torch").architecture() for name in PRESETS}
    most = cost(shapes[budget])
    return {name: shape for name, shape in shapes.items() if cost(shape) <= most}


def found(study: str, budget: str, data: Sequence[str], options: argparse.Namespace) -> Mapping[str, Any]:
    """The architecture of the search's answer."""
    settings = [*SEARCH, *options.settings]
    like = f"search.like={budget}"
    script("train", "search=budget", like, f"study={study}", *settings, *BARE, *data, jobs=options.jobs)
    file = (LOGS / "nas" / study / ANSWER).read_text().strip().rsplit(": ", 1)[1]
    return Record.read(Path(file).parent).architecture


def duels(target: str, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """For each budget what was found, and how it and the presets within the budget do."""
    data, name = pair(options.input, target, *SECTIONS), Path(target).stem
    for budget in options.budgets:
        study = f"bench-presets-{name}-{budget}"
        shapes = presets_within(budget)
        best = found(study, budget, data, options)
        runs = duel(study, {**shapes, best["name"]: best}, options.seeds, options.epochs, data, options.jobs)
        sides = {"found": runs[best["name"]], **{preset: runs[preset] for preset in shapes}}
        figures = {
            figure: {side: [run.value(figure) for run in each] for side, each in sides.items()}
            for figure in ("score", "test_esr")
        }
        costs = {side: cost(each[0].architecture) for side, each in sides.items()}
        yield {"pair": name, "budget": budget, "found": best["name"], "rtf": costs, **figures}


def parsed(parser: argparse.ArgumentParser, words: Sequence[str] | None = None) -> argparse.Namespace:
    """The options, and as `settings` what is a setting of the search."""
    options, rest = parser.parse_known_args(words)
    options.settings = [word for word in [*options.target, *rest] if "=" in word]
    options.target = [word for word in options.target if "=" not in word]
    if len(set(options.seeds)) < 2:
        parser.error("--seeds: two or more, for the table tells how they spread")
    return options


def measure(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Search and train what is missing; the rows, which are written down as they come."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    rows = []
    for target in options.target:
        for row in duels(target, options):
            rows.append(row)
            (RESULTS / "presets.json").write_text(json.dumps(rows, indent=1))
    return rows


def main() -> None:
    """Measure, compare, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input")
    parser.add_argument("target", nargs="+")
    parser.add_argument("--budgets", nargs="+", default=["nano"], choices=PRESETS)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=100, help="of the duel")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS), help="of the duel, two or more")
    options = parsed(parser)
    rows = measure(options)
    plot(rows, RESULTS / "presets.png")
    Console(width=160).print(table(rows, options.epochs))


if __name__ == "__main__":
    main()
