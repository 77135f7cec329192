"""What a search finds at the cost of the plug-in's own presets, against those presets.

    python benchmarks/presets.py INPUT TARGET [TARGET ...] [--jobs 2] [--seconds 50] [--seeds 101 102 103]
        [--searches nano feather]

For each preset (nano, feather, lite, standard) its cost is measured in the streaming engine at blocks of 64,
and `search=budget` looks for the best models within it (with --searches, only within those presets' costs).
The finalists are trained from scratch with three more seeds, as in the duel. Of all finalists of a recording
that cost no more than the preset, the two with the lowest mean validation ESR are trained with three seeds
more; the better one, over all six, is the model found. Then it and the preset are trained from scratch, for
the same time, on the same data, one thread each, with seeds that no search has seen. The figure is the ratio
of the ESRs: on the validation section, which the search selects on, and on the test section, which nothing
does.
Prints a table, writes logs/bench/presets.json and presets.png; studies that are there are not trained again.
"""

import argparse
import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from own_speed import network
from presets_report import plot, table
from rich.console import Console
from studies import LOGS, cost_meter, pair, records, script

from voxnas.models.base import StreamingNetwork
from voxnas.models.build import build
from voxnas.records.record import Record

PRESETS = ("nano", "feather", "lite", "standard")
# Of all finalists, of the last two; the search's is 0. One in five seeds of a network may get stuck
FINAL_SEEDS, LAST_SEEDS = (11, 12, 13), (14, 15, 16)
SEEDS = (101, 102, 103)  # of the duel
SECTIONS = ('data.train="0:60"', 'data.val="60:75"', 'data.test="75:90"')
# Of a search: so many candidates, for so many seconds each. What looks back far learns late: with 15 and 40 s
# or nine on the last rung the best of DS-1's feather was lost
RUNGS = ((18, 20), (12, 45))
GENERATIONS, FINALISTS = 3, 3  # of a search
LAST = 2  # of a preset's finalists; few seeds choose among likes by luck, so the last get more
ROUNDS = 5  # measurements of a cost: a single one is off by 3 %, and now and then by 18
SLACK = 1.02  # of a search, so that little is found that is dearer after all, and little missed that is not
BARE = ("callbacks.preview=null", "callbacks.aliasing=null")
RATE, BLOCK_SIZE = 44_100, 64
RESULTS = LOGS / "bench"

Final = tuple[Mapping[str, Any], list[float]]  # an architecture, its validation ESRs


def costs(networks: Sequence[StreamingNetwork]) -> list[float]:
    """RTF of each as a search measures it, beside its reference; medians of rounds that take all in turn."""
    meter = cost_meter(BLOCK_SIZE)
    rounds = [[meter.at_length(each, RATE) for each in networks] for _ in range(ROUNDS)]
    return [statistics.median(figures) for figures in zip(*rounds, strict=True)]


def search(study: str, preset: str, data: Sequence[str], options: argparse.Namespace) -> list[Record]:
    """The best by validation ESR of the search's last rung, of those that cost no more than the preset."""
    shape = {"sample_rate": RATE}
    cost = cost_meter(BLOCK_SIZE).cost(network(preset, "torch"), shape)  # cached: a cut search goes on
    budget = SLACK * cost.value
    candidates, *keep = (count for count, _ in RUNGS)
    caps = [f"+time_cap.rung{i + 1}='{_clock(duration)}'" for i, (_, duration) in enumerate(RUNGS)]
    rungs = [f"search.candidates={candidates}", f"search.keep={keep}", f"search.rungs={[10000] * len(RUNGS)}"]
    script(
        "train", "search=budget", f"space={options.space}", f"study={study}", f"max_cpu_rtf={budget:.6f}",
        *(setting.replace(" ", "") for setting in rungs), f"search.generations={GENERATIONS}",
        *caps, "trainer.max_time='${time_cap.${rung}}'", "patience=null", *BARE, *data, jobs=options.jobs,
    )  # fmt: skip
    reached = sorted(records(study, f"rung{len(RUNGS)}"), key=lambda record: record.score or 9.0)
    limit, *cost_of = costs([network(preset, "torch"), *(build(record.architecture) for record in reached)])
    within = [r for r, rtf in zip(reached, cost_of, strict=True) if rtf <= limit]
    return (within or reached)[:FINALISTS]


def _clock(duration: float) -> str:
    minutes, rest = divmod(max(1, round(duration)), 60)
    return f"00:00:{minutes:02d}:{rest:02d}"


def finals(
    study: str, finalists: Sequence[Record], data: Sequence[str], options: argparse.Namespace
) -> dict[str, Final]:
    """By name the finalists' architectures and the validation ESRs of what was trained from scratch."""
    shapes = {record.architecture["name"]: record.architecture for record in finalists}
    runs = train(study, "final", shapes, FINAL_SEEDS, data, options)
    return {name: (shape, _losses(runs[name])) for name, shape in shapes.items()}


def decide(
    study: str, best: Mapping[str, Sequence[Final]], data: Sequence[str], options: argparse.Namespace
) -> dict[str, Mapping[str, Any]]:
    """Of each preset's best the best by mean validation ESR, once all were trained with more seeds."""
    shapes = {shape["name"]: shape for finalists in best.values() for shape, _ in finalists}
    runs = train(study, "last", shapes, LAST_SEEDS, data, options)
    more = {name: _losses(each) for name, each in runs.items()}
    longer = {preset: [(s, losses + more[s["name"]]) for s, losses in each] for preset, each in best.items()}
    return {preset: min(each, key=_mean)[0] for preset, each in longer.items()}


def _losses(runs: Sequence[Record]) -> list[float]:
    return [run.score or 9.0 for run in runs]


def _mean(final: Final) -> float:
    return statistics.mean(final[1])


def rivals(pool: Sequence[Final], presets: Sequence[str]) -> dict[str, list[Final]]:
    """For each preset the best of the pool that cost no more; else the cheapest."""
    cost = costs([network(name, "torch") for name in presets] + [build(shape) for shape, _ in pool])
    timed = sorted(zip(cost[len(presets) :], pool, strict=True), key=lambda pair: pair[0])
    found = {}
    for preset, budget in zip(presets, cost[: len(presets)], strict=True):
        fitting = [final for rtf, final in timed if rtf <= budget] or [timed[0][1]]
        found[preset] = sorted(fitting, key=_mean)[:LAST]
    return found


def train(
    study: str,
    rung: str,
    shapes: Mapping[str, Mapping[str, Any]],
    seeds: Sequence[int],
    data: Sequence[str],
    options: argparse.Namespace,
) -> dict[str, list[Record]]:
    """Each architecture from scratch, for the same time, with every seed: its runs.

    Those of a seed follow one another, so that a machine that slows down slows all.
    """
    if not shapes:
        return {}
    folder = LOGS / "promoted" / "candidate" / study
    folder.mkdir(parents=True, exist_ok=True)
    for name, shape in shapes.items():
        values = {"name": f'${{run_name:"{name}",${{unnamed}}}}', "model": {"architecture": shape}}
        header = "# @package _global_\ndefaults:\n  - override /model: architecture\n\n"
        (folder / f"{name}.yaml").write_text(header + OmegaConf.to_yaml(OmegaConf.create(values)))
    script(
        "train", "search=rung", f"rung={rung}", f"study={study}",
        f"seed={','.join(map(str, seeds))}", f"candidate={','.join(f'{study}/{name}' for name in shapes)}",
        "trainer.max_epochs=10000", "patience=null", f"trainer.max_time='{_clock(options.seconds)}'",
        "callbacks.benchmark=null", *BARE, *data, jobs=options.jobs,
    )  # fmt: skip
    runs = records(study, rung)
    return {n: [r for r in runs if r.candidate.split("_")[0] == n and r.seed in seeds] for n in shapes}


def build_preset(name: str) -> dict[str, Any]:
    """The architecture that configs/model/<name>.yaml describes."""
    return network(name, "torch").architecture()


def compare(sides: Mapping[str, Sequence[Record]]) -> dict[str, Any]:
    """ESRs per seed, their ratios, and both costs."""
    cost = costs([build(runs[0].architecture) for runs in sides.values()])
    figures: dict[str, Any] = {"rtf": dict(zip(sides, cost, strict=True))}
    for figure in ("score", "test_esr", "epochs", "parameters"):
        figures[figure] = {side: [run.value(figure) for run in runs] for side, runs in sides.items()}
    for figure in ("score", "test_esr"):
        means = {side: statistics.mean(values) for side, values in figures[figure].items()}
        figures[f"{figure}_ratio"] = means["found"] / means["preset"]
    return figures


def discover(
    studies: Mapping[str, str], data: Sequence[str], options: argparse.Namespace
) -> dict[str, Mapping[str, Any]]:
    """For each preset, whose study is given, what the searches for all of them found within its cost."""
    pool: dict[str, Final] = {}  # by name: two searches may find the same
    for preset in options.searches or studies:
        study = studies[preset]
        found = search(study, preset, data, options)
        new = [record for record in found if record.architecture["name"] not in pool]
        pool |= finals(study, new, data, options)
    best = rivals(list(pool.values()), list(studies))
    return decide(next(iter(studies.values())), best, data, options)


def duels(target: str, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """For each preset what was found within its cost, and how the two do."""
    data, name = pair(options.input, target, *SECTIONS), Path(target).stem
    studies = {preset: f"bench-presets-{name}-{preset}" for preset in options.presets}
    for preset, found in discover(studies, data, options).items():
        shapes = {found["name"]: found, "preset": build_preset(preset)}
        runs = train(studies[preset], "duel", shapes, options.seeds, data, options)
        duel = compare({"found": runs[found["name"]], "preset": runs["preset"]})
        yield {"pair": name, "preset": preset, "architecture": found, **duel}


def main() -> None:
    """Search and train what is missing, compare, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input")
    parser.add_argument("target", nargs="+")
    parser.add_argument("--presets", nargs="+", default=list(PRESETS), choices=PRESETS)
    parser.add_argument("--searches", nargs="+", help="presets whose cost to search within; else all")
    parser.add_argument("--space", default="plugin")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=50.0)
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS), help="of the duel, two or more")
    options = parser.parse_args()
    if unknown := sorted({*(options.searches or [])} - {*options.presets}):
        parser.error(f"--searches: {', '.join(unknown)} is none of --presets")
    if len(set(options.seeds)) < 2:
        parser.error("--seeds: two or more, for the table tells how they spread")
    RESULTS.mkdir(parents=True, exist_ok=True)
    rows = []
    for target in options.target:
        for row in duels(target, options):
            rows.append(row)
            (RESULTS / "presets.json").write_text(json.dumps(rows, indent=1))
    plot(rows, RESULTS / "presets.png")
    Console(width=160).print(table(rows, options.seconds))


if __name__ == "__main__":
    main()
