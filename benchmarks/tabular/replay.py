"""Searches side by side on the table, each replayed with many seeds: hypervolume against training time.

    python benchmarks/tabular/replay.py [--seeds 20] [--trainings 24] [--jobs 2] [--rungs N] [--only NAME …]
        [--page docs/figures/replay.md]

Every search is planned for the time of so many full trainings, one at a time, and cut off after half as much
again. What it has found is what has climbed to the table's last step: the hypervolume of ESR × cost in the
plug-in's engine, in logarithm, as a share of that of all that it might find. Searches see every second
network of the table; experience is of the others, on the other recordings. `--page FILE` writes the table
there, and the plot beside it.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import OmegaConf
from rich.table import Table as Shown
from study import OBJECTIVES, Bench, TableProposer, Trained, by_optuna, climb
from table import read_table

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "benchmarks"))
from docs_page import page_option, show  # noqa: E402

from voxnas.problems.amp.problem import AmpProblem  # noqa: E402
from voxnas.records.pareto import hypervolume  # noqa: E402
from voxnas.search.experience.founders import Experience  # noqa: E402
from voxnas.search.experience.runs import KnownRun  # noqa: E402
from voxnas.search.experience.surrogate import Surrogate  # noqa: E402
from voxnas.search.samplers import make_sampler  # noqa: E402
from voxnas.search.selection.base import Selection  # noqa: E402
from voxnas.search.selection.foreseen import Foreseen  # noqa: E402
from voxnas.search.selection.rank import ByRank  # noqa: E402
from voxnas.search.sources.base import Source  # noqa: E402
from voxnas.search.sources.evolution import EvolutionSource  # noqa: E402
from voxnas.search.sources.random import RandomSource  # noqa: E402

KEEP = 0.4  # as configs/search/ladder.yaml
TOP_SHARE = 15  # of so many, one is trained on after one short rung
LONGEST = 1.5  # times the planned time that a search may take
CLEAR = 2.0  # standard errors
GRID = 91  # times at which hypervolumes are compared
TIMES = (0.5, 1.0, 1.5)  # of the planned, in the table


@dataclass(frozen=True)
class Search:
    """A ladder's parts; see `climb`."""

    source: Callable[[], Source]
    keep: Any = KEEP
    whole: bool = False  # one rung
    jump: bool = False  # two rungs: the first, and all others
    selection: str = "rank"  # or "curve", "learnt": foreseen by each one's curve, or by experience
    asynchronous: bool = False
    learns: bool = False  # from the other recordings


EVOLUTION = partial(EvolutionSource, generations=4, parents=4)
SEARCHES: dict[str, Search | str] = {
    "random": Search(RandomSource, whole=True),
    "NSGA-II": "nsgaii",
    "TPE": "tpe",
    "GP": "gp",
    "short rung, then the best": Search(RandomSource, keep=1 / TOP_SHARE, jump=True),
    "halving": Search(RandomSource),
    "halving, foreseen by curve": Search(RandomSource, selection="curve"),
    "halving, foreseen by experience": Search(RandomSource, selection="learnt"),
    "MO-ASHA": Search(RandomSource, asynchronous=True),
    "evolution": Search(EVOLUTION),
    "evolution, asynchronous": Search(EVOLUTION, asynchronous=True),
    "evolution, foreseen by curve": Search(EVOLUTION, selection="curve"),
    "evolution, foreseen by experience": Search(EVOLUTION, selection="learnt"),
    "halving from experience": Search(RandomSource, learns=True),
    "MO-ASHA from experience": Search(RandomSource, asynchronous=True, learns=True),
    "evolution from experience": Search(EVOLUTION, learns=True),
    "evolution, asynchronous, from experience": Search(EVOLUTION, asynchronous=True, learns=True),
    "evolution, both from experience": Search(EVOLUTION, selection="learnt", learns=True),
}
DRAWN = ("random", "TPE", "short rung, then the best", "MO-ASHA", "MO-ASHA from experience")
DRAWN += ("evolution", "evolution from experience")
COLD = {
    name: name.split(", foreseen")[0].split(", both")[0].split(" from")[0].rstrip(",")
    for name in SEARCHES
    if "foreseen" in name or "experience" in name
}


@cache
def bench(recording: str, rungs: int | None) -> Bench:
    """The recording's bench, made once a process."""
    table = read_table(rungs).every_second(0)
    return Bench(table, recording, TableProposer(table))


def elsewhere(recording: str, rungs: int | None) -> list[KnownRun]:
    """The runs of other networks on the other recordings."""
    table = read_table(rungs).every_second(1)
    return [run for other in table.esr if other != recording for run in table.runs(other)]


@cache
def taught(recording: str, rungs: int | None) -> Surrogate:
    """What these taught."""
    return Surrogate(elsewhere(recording, rungs))


def experience(recording: str, rungs: int | None) -> Experience:
    """The same for one search, which adds what it guesses of its own drafts."""
    return Experience(taught(recording, rungs), [AmpProblem().objective(name) for name in OBJECTIVES])


@cache
def selected(how: str, recording: str, rungs: int | None) -> Selection:
    """By rank of the scores as they are, or of those foreseen."""
    if how == "rank":
        return ByRank(OBJECTIVES, AmpProblem())
    return Foreseen(OBJECTIVES, AmpProblem(), elsewhere(recording, rungs) if how == "learnt" else None)


def planned(search: Search, on: Bench, trainings: float) -> int:
    """The number of candidates whose climb takes about as long as so many full trainings."""
    mean = on.seconds.mean(axis=0)
    parts, each, share = _steps(search, len(mean)), 0.0, 1.0
    for rungs in parts:
        each += share * float(mean[rungs].sum())
        share *= search.keep
    return max(4, min(len(on.proposer.proposals), round(trainings * float(mean.sum()) / each)))


def _steps(search: Search, rungs: int) -> list[list[int]]:
    every = list(range(rungs))
    if search.whole:
        return [every]
    return [every[:1], every[1:]] if search.jump else [[rung] for rung in every]


def replayed(name: str, recording: str, seed: int, trainings: float, rungs: int | None) -> Trained:
    """One search with one seed."""
    on, search = bench(recording, rungs), SEARCHES[name]
    until_s = LONGEST * trainings * float(on.seconds.sum(axis=1).mean())
    if isinstance(search, str):
        config = OmegaConf.load(ROOT / f"configs/hydra/sweeper/sampler/{search}.yaml")
        objectives = [AmpProblem().objective(each) for each in OBJECTIVES]
        return by_optuna(on, make_sampler(config, seed, objectives), round(trainings), until_s)  # type: ignore[arg-type]
    steps, total = _steps(search, on.table.rungs), planned(search, on, trainings)
    selection = selected(search.selection, recording, rungs)
    known = experience(recording, rungs) if search.learns else None
    keep = search.keep if len(steps) > 1 else []
    arguments = (total, seed, steps, keep, until_s, search.asynchronous, known)
    return climb(on, search.source(), selection, *arguments)


def curve(trained: Trained, points: np.ndarray, at: Sequence[float]) -> np.ndarray:
    """The hypervolume at each of these times, as a share of all points'."""
    whole = hypervolume(points, [1.0, 1.0])
    ends = np.array([seconds for seconds, _ in trained])
    rows = points[[row for _, row in trained]] if trained else np.empty((0, 2))
    volumes = [0.0, *(hypervolume(rows[: n + 1], [1.0, 1.0]) / whole for n in range(len(rows)))]
    return np.array([volumes[int(np.searchsorted(ends, time, side="right"))] for time in at])


def compared(options: argparse.Namespace) -> dict[str, dict[str, np.ndarray]]:
    """By recording and search the hypervolumes `(seeds, GRID)`."""
    found: dict[str, dict[str, np.ndarray]] = {}
    recordings = list(read_table(options.rungs).esr)
    with ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool:  # threads do not outlive a fork
        for recording in recordings:
            on = bench(recording, options.rungs)
            planned_s = options.trainings * float(on.seconds.sum(axis=1).mean())
            at = list(np.linspace(0, LONGEST * planned_s, GRID))
            found[recording] = {}
            for name in options.only or SEARCHES:
                given = (options.trainings, options.rungs)
                jobs = [pool.submit(replayed, name, recording, seed, *given) for seed in range(options.seeds)]
                found[recording][name] = np.array([curve(job.result(), on.points, at) for job in jobs])
    return found


def shown(found: dict[str, dict[str, np.ndarray]], title: str) -> Shown:
    """The table: hypervolumes after shares of the time, and when a search reaches what its rival ends at."""
    table = Shown(title=title)
    for column in (
        "recording",
        "search",
        *(f"at {part:g}" for part in TIMES),
        "± over seeds",
        "as good as without, after",
    ):
        table.add_column(column, justify="left" if column in ("recording", "search") else "right")
    for recording, searches in found.items():
        for name, volumes in searches.items():
            middle = np.median(volumes, axis=0)
            at = [f"{middle[round((GRID - 1) * part / LONGEST)]:.3f}" for part in TIMES]
            rival = searches.get(COLD.get(name, ""))
            when = "" if rival is None else reached(middle, np.median(rival, axis=0))
            table.add_row(recording, name, *at, f"{volumes[:, -1].std():.3f}", when)
    return table


def reached(middle: np.ndarray, rival: np.ndarray) -> str:
    """The time after which a median hypervolume is what the rival ends at, as a share of the rival's time."""
    there, own = (np.flatnonzero(volumes >= rival[-1]) for volumes in (middle, rival))
    return f"{there[0] / max(1, own[0]):.2f} of its time" if len(there) else "never"


def verdicts(found: dict[str, dict[str, np.ndarray]]) -> str:
    """Which variants clearly beat what they vary on every recording: over all the time, by paired seeds."""
    sentences = []
    for name, rival in COLD.items():
        pairs = [(each[name], each[rival]) for each in found.values() if name in each and rival in each]
        if pairs:
            leads = [lead(own.mean(axis=1) - other.mean(axis=1)) for own, other in pairs]
            clear = "clearly better" if min(leads) > CLEAR else "not clearly better"
            told = ", ".join(f"{value:+.1f}" for value in leads)
            sentences.append(f"{name} is {clear} than {rival} (standard errors on each recording: {told}).")
    return " ".join(sentences)


def lead(differences: np.ndarray) -> float:
    """The mean of differences by seed in standard errors; 0 where there is no difference."""
    error = float(differences.std(ddof=1)) / len(differences) ** 0.5 if len(differences) > 1 else 0.0
    return float(differences.mean()) / error if error else 0.0


def plot(found: dict[str, dict[str, np.ndarray]], path: Path) -> None:
    """Medians over seeds, a panel a recording."""
    import matplotlib

    from voxnas.drawing import style

    with matplotlib.rc_context(style.RC):
        figure = style.new_figure()
        panels = figure.subplots(1, len(found), sharey=True, squeeze=False)[0]
        for axes, (recording, searches) in zip(panels, found.items(), strict=True):
            for name in [name for name in DRAWN if name in searches]:
                middle = np.median(searches[name], axis=0)
                axes.step(np.linspace(0, LONGEST, GRID), middle, where="post", lw=1.6, label=name)
            axes.set(title=recording, xlabel="training time (share of the planned)")
        panels[0].set_ylabel("hypervolume (share of the table's)")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
        style.save(figure, path)


def main() -> None:
    """Replay, print, write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument(
        "--trainings", type=float, default=24, help="full trainings that a search has time for"
    )
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rungs", type=int, help="of the table; by default as many as most networks climbed")
    parser.add_argument("--only", nargs="+", choices=list(SEARCHES), metavar="NAME")
    page_option(parser)
    options = parser.parse_args()
    table = read_table(options.rungs)
    found = compared(options)
    what = f"{len(table.every_second(0).networks)} networks of {table.steps[-1]} steps, {options.seeds} seeds"
    said = verdicts(found)
    print(said)
    show(shown(found, f"Hypervolume of searches replayed on {what}"), options.page, said)
    if options.page:
        plot(found, options.page.with_suffix(".png"))


if __name__ == "__main__":
    main()
