"""Each family of networks on the same recordings: the best of a small search at three costs.

    python benchmarks/families.py INPUT TARGET [TARGET ...] [SETTING=VALUE ...] [--families lstm tcn ...]
        [--costs 0.001 0.003 0.01] [--tries 3] [--short 10] [--epochs 40] [--seeds 101 102 103] [--jobs 2]

Candidates are drawn from a family's part of space=families and timed side by side in native code, in blocks
of 64. Of those within a cost the `--tries` dearest train for `--short` epochs; the one with the lowest
validation ESR trains from scratch for `--epochs`, with seeds that the search has not seen. Recordings are
60 s to train on, 15 to validate, 15 to test, aligned; `SETTING=VALUE` goes to all trainings, and may say
otherwise. Prints a table, writes logs/bench/families.json and families.png; what is there is not trained
again.
"""

import argparse
import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from docs_page import page_option, show
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.utils import instantiate
from omegaconf import OmegaConf
from rich.table import Table
from studies import LOGS, ROOT, SECTIONS, Shapes, duel, pair

from voxnas.drawing import style
from voxnas.engine.benchmark import side_by_side
from voxnas.engine.make import make_engine
from voxnas.models.base import StreamingNetwork
from voxnas.models.build import build
from voxnas.records.record import Record
from voxnas.search.spaces.sample import sample
from voxnas.utils.resolvers import register_resolvers

RATE, BLOCK = 48_000, 64
DRAWN = 40  # candidates of a family that are timed
SEARCH_SEED = 1
RESULTS = LOGS / "bench"


def drawn(family: str) -> dict[str, StreamingNetwork]:
    """Candidates of a family with fresh weights, by name."""
    register_resolvers()
    whole = OmegaConf.load(ROOT / "configs/space/families.yaml")
    space = instantiate(whole.hydra.sweeper.space.families[family], _convert_="all")
    nets = [network(proposal) for proposal in sample(space, DRAWN, seed=0)]
    return {net.name: net for net in nets}


def network(proposal: Sequence[str]) -> StreamingNetwork:
    """The network of a candidate's overrides."""
    parsed = OverridesParser.create().parse_overrides(list(proposal))
    chosen = {override.key_or_group.removeprefix("model."): override.value() for override in parsed}
    model = chosen.pop("model")
    if model == "architecture":
        net: StreamingNetwork = build(chosen["architecture"])
        return net
    config = OmegaConf.load(ROOT / f"configs/model/{model}.yaml")
    for key, value in chosen.items():
        OmegaConf.update(config, key, value)
    found: StreamingNetwork = instantiate(config, _convert_="all")
    return found


def costs(nets: Sequence[StreamingNetwork]) -> list[float]:
    """Share of real time of each, measured in turn."""
    engines = [make_engine(net, "native") for net in nets]
    return [of_net[0].rtf for of_net in side_by_side(engines, [RATE] * len(nets), [BLOCK])]


def tried(family: str, most: Sequence[float], tries: int) -> dict[float, Shapes]:
    """For each cost the architectures that are tried: the dearest within it, and none of a quarter of it."""
    nets = drawn(family)
    found = sorted(zip(costs(list(nets.values())), nets, strict=True), reverse=True)

    def within(cost: float) -> Shapes:
        names = [name for own, name in found if cost / 4 < own <= cost]
        return {name: nets[name].architecture() for name in names[:tries]}

    return {cost: within(cost) for cost in most}


def best(study: str, shapes: Shapes, data: Sequence[str], options: argparse.Namespace) -> str:
    """Name of the one with the lowest validation ESR after a short training."""
    if len(shapes) == 1:
        return next(iter(shapes))
    runs = duel(f"{study}-short", shapes, [SEARCH_SEED], options.short, data, options.jobs)
    scores = {name: each[0].value("score") or np.inf for name, each in runs.items() if each}
    return min(scores, key=lambda name: scores[name])


def rows_of(target: str, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """A row for each family and cost of one recording."""
    data = [*pair(options.input, target, *SECTIONS), *options.settings]
    for family in options.families:
        for cost, shapes in tried(family, options.costs, options.tries).items():
            if not shapes:
                continue
            study = f"bench-families-{Path(target).stem}-{family}-{cost:g}"
            name = best(study, shapes, data, options)
            runs = duel(study, {name: shapes[name]}, options.seeds, options.epochs, data, options.jobs)[name]
            yield {"pair": Path(target).stem, "family": family, "within": cost, "name": name, **figures(runs)}


def figures(runs: Sequence[Record]) -> dict[str, Any]:
    """ESR of every seed, and what is the same for all."""
    shape, cost = runs[0].shape, runs[0].cost["cpu_rtf"]["value"]
    same = {name: shape[name] for name in ("parameters", "macs_per_sample", "latency_ms")}
    return {
        "score": [run.value("score") for run in runs],
        "test_esr": [run.value("test_esr") for run in runs],
        **same,
        "cost": cost,
        "train_seconds": statistics.median(run.train_seconds or 0.0 for run in runs),
    }


def table(rows: Sequence[Mapping[str, Any]], epochs: int) -> Table:
    """Means and standard deviations over the seeds."""
    shown = Table(title=f"The best of each family within each cost, {epochs} epochs")
    columns = (
        "within",
        "network",
        "validation ESR",
        "test ESR",
        "weights",
        "MACs",
        "cost",
        "latency ms",
        "trained in",
    )
    for column in ("pair", "family", *columns):
        shown.add_column(column, justify="left" if column in ("pair", "family") else "right", no_wrap=True)
    for row in rows:
        cells = [row["pair"], row["family"], f"{row['within']:g}", row["name"]]
        cells += [
            spread(row["score"]),
            spread(row["test_esr"]),
            str(row["parameters"]),
            str(row["macs_per_sample"]),
        ]
        shown.add_row(
            *cells, f"{row['cost']:.4f}", f"{row['latency_ms']:.2f}", f"{row['train_seconds']:.0f} s"
        )
    return shown


def spread(values: Sequence[float]) -> str:
    """Mean, and of several the standard deviation."""
    deviation = f" ± {statistics.stdev(values):.5f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.5f}{deviation}"


def plot(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Mean test ESR against cost, a line for each family, a panel for each recording."""
    pairs = list(dict.fromkeys(row["pair"] for row in rows))
    families = list(dict.fromkeys(row["family"] for row in rows))
    marks = ["o", "s", "^", "D", "v", "P", "X", "*", "<"]
    with matplotlib.rc_context(style.RC):
        figure = style.new_figure(max(7.0, 4.6 * len(pairs)), 4.6)
        for axes, name in zip(figure.subplots(1, len(pairs), squeeze=False)[0], pairs, strict=True):
            for number, family in enumerate(families):
                own = [row for row in rows if (row["pair"], row["family"]) == (name, family)]
                points = [(row["cost"], statistics.fmean(row["test_esr"])) for row in own]
                colour = style.LINES[number % len(style.LINES)]
                axes.plot(
                    *zip(*points, strict=True), marks[number % len(marks)] + "-", color=colour, label=family
                )
            axes.set_title(name, fontsize=10.5, weight="normal")
            here = [row for row in rows if row["pair"] == name]
            style.scale(axes, "x", np.array([row["cost"] for row in here]))
            style.scale(axes, "y", np.array([statistics.fmean(row["test_esr"]) for row in here]))
            axes.set_xlabel(f"cost, blocks of {BLOCK}")
            axes.set_ylabel("test ESR")
            axes.legend()
        style.save(figure, path)


def main(words: Sequence[str] | None = None) -> None:
    """Search, train, print the table."""
    names = ["wavenet", "lstm", "gru", "tcn", "state_trajectory", "state_space", "lactose", "transformer"]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input")
    parser.add_argument("target", nargs="+")
    parser.add_argument("--families", nargs="+", default=names, choices=names)
    parser.add_argument("--costs", type=float, nargs="+", default=[0.001, 0.003, 0.01])
    parser.add_argument("--tries", type=int, default=3)
    parser.add_argument("--short", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seeds", type=int, nargs="+", default=[101, 102, 103])
    parser.add_argument("--jobs", type=int, default=2)
    page_option(parser)
    options, rest = parser.parse_known_args(words)
    options.settings = [word for word in [*options.target, *rest] if "=" in word]
    options.target = [word for word in options.target if "=" not in word]
    RESULTS.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    for target in options.target:
        for row in rows_of(target, options):
            rows.append(row)
            (RESULTS / "families.json").write_text(json.dumps(rows, indent=1) + "\n")
    plot(rows, RESULTS / "families.png")
    show(table(rows, options.epochs), options.page)


if __name__ == "__main__":
    main()
