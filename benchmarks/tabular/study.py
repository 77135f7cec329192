"""A search on the table: the project's own sources, selections and ladder, on runs that are known.

What the space proposes stands for the recorded network that is most like it. A run takes the time that it
took when it was recorded; one is trained at a time.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from drawn_networks import Network, plugin_space
from table import QUARTERS, RUNGS, Table, shape_of

from voxnas.problems.amp.problem import AmpProblem
from voxnas.records.record import Record
from voxnas.search.experience.features import as_table, features
from voxnas.search.experience.founders import Experience
from voxnas.search.preview import Candidate as Previewed
from voxnas.search.selection.base import Selection
from voxnas.search.selection.ladder import Ladder
from voxnas.search.selection.rungs import make_rungs
from voxnas.search.sources.base import Source, Task
from voxnas.search.spaces.base import Chooser, Value
from voxnas.search.spaces.choosers import TrialChooser
from voxnas.search.spaces.mutation import Recorder

COST = "plugin_rtf"
OBJECTIVES = ("score", COST)
EPOCH = 12  # steps that count as an epoch
MOST_IN_VAIN = 200  # proposals in a row that were tried before

Trained = list[tuple[float, int]]  # seconds so far, and the network that had climbed to the top then


@dataclass(frozen=True)
class Proposal:
    """A recorded network, as `voxnas.search.sources.proposals.Proposal` has candidates."""

    network: Network
    shape: dict[str, Any] = field(repr=False)
    whole: bool = False
    parent: str | None = None

    @property
    def name(self) -> str:
        return self.network.name

    @property
    def chosen(self) -> tuple[str, ...]:
        return (self.network.name,)

    @property
    def choices(self) -> dict[str, Value]:
        return self.network.choices

    def preview(self) -> Previewed:
        """Nothing is rejected."""
        return Previewed(self.name, None, self.shape, architecture=self.network.architecture)

    def priced(self) -> Previewed:
        """With its cost in the plug-in's engine."""
        costs = {COST: self.network.cost}
        return Previewed(self.name, None, self.shape, self.network.cost, costs, self.network.architecture)


class TableProposer:
    """Proposes recorded networks: of those drawn, the nearest to what the space makes of choices."""

    size = None

    def __init__(self, table: Table) -> None:
        self.space = plugin_space()
        self.starts = self.space.starts
        drawn = [network for network in table.networks if network.choices]
        self.proposals = [Proposal(network, shape_of(network)) for network in drawn]
        rows = [features(p.network.architecture, {}) for p in self.proposals]
        self._names = sorted({name for row in rows for name in row})
        values = as_table(rows, self._names)
        self._scale = np.where(values.std(axis=0) > 0, values.std(axis=0), np.inf)
        self._values = values / self._scale
        self._nearest = {p.name: p for p in self.proposals}

    def draw(self, choose: Chooser) -> Proposal:
        """See `Proposer`."""
        architecture = self.space.architecture(Recorder(choose))
        name = architecture["name"]
        if name not in self._nearest:
            at = as_table([features(architecture, {})], self._names) / self._scale
            self._nearest[name] = self.proposals[int(np.square(self._values - at).sum(axis=1).argmin())]
        return self._nearest[name]


@dataclass(frozen=True)
class Bench:
    """One recording of a table, on which searches are replayed.

    Args:
        table, recording: which.
        proposer: of the table's networks.
    """

    table: Table
    recording: str
    proposer: TableProposer

    @cached_property
    def index(self) -> dict[str, int]:
        """Row of a network by its name."""
        return {network.name: row for row, network in enumerate(self.table.networks)}

    @cached_property
    def scores(self) -> np.ndarray:
        """See `Table.scores`."""
        return self.table.scores(self.recording)

    @property
    def seconds(self) -> np.ndarray:
        """See `Table.seconds`."""
        return self.table.seconds[self.recording]

    @cached_property
    def points(self) -> np.ndarray:
        """ESR on the last rung and cost of each network, in logarithm; the box of ESRs below 1 is 0 to 1."""
        cost = np.log([network.cost for network in self.table.networks])
        esr = np.log(np.minimum(self.scores[:, -1], 1.0))
        values = np.column_stack([esr, cost])
        low, high = values.min(axis=0), np.array([0.0, cost.max()])
        return (values - low) / (high - low)

    def record(self, row: int, rungs: Sequence[int]) -> Record:
        """What a run through these rungs of the table, from 0, leaves behind."""
        network, quarters = self.table.networks[row], self.table.esr[self.recording][row, list(rungs)].ravel()
        epochs = np.cumsum([RUNGS[r] / QUARTERS / EPOCH for r in rungs for _ in range(QUARTERS)]) - 1
        score = float(quarters.min())
        return Record(
            *(network.name, "replay", f"rung{rungs[-1] + 1}", "ok" if np.isfinite(score) else "failed", ""),
            score=score if np.isfinite(score) else None,
            cost={COST: {"value": network.cost}},
            history=[
                {"epoch": float(epoch), "score": float(esr), "seconds": 0.0}
                for epoch, esr in zip(epochs, quarters, strict=True)
            ],
            architecture=network.architecture,
            shape=shape_of(network),
        )


def climb(
    bench: Bench,
    source: Source,
    selection: Selection,
    total: int,
    seed: int,
    steps: Sequence[Sequence[int]],
    keep: Any,
    until_s: float,
    asynchronous: bool = False,
    experience: Experience | None = None,
) -> Trained:
    """A ladder's search.

    Args:
        source, selection, total, seed, asynchronous, experience: see `LadderSweeper`.
        steps: the table's rungs that make each of the ladder's.
        keep: see `make_rungs`.
        until_s: when it is stopped.
    """
    epochs = [sum(RUNGS[rung] for rung in rungs) // EPOCH for rungs in steps]
    rungs = make_rungs(epochs, keep)
    ladder = Ladder(rungs, selection, asynchronous, total)
    spent, done, results = 0.0, Trained(), {}
    with tempfile.TemporaryDirectory() as folder:
        supply = source.supply(
            _task(bench, source, selection, total, seed, Path(folder), asynchronous, experience)
        )
        while spent < until_s:
            supply.update()
            for name in supply.candidates:
                ladder.enter(0, name)
            ladder.closed = supply.closed
            ladder.climb()
            waiting = ladder.unfinished()
            if not waiting:
                asked = supply.ask(results, 1 if asynchronous else None, lambda name: True)
                if not asked and supply.closed:
                    break
                for candidate in asked:
                    ladder.enter(0, candidate.name)
                continue
            rung, name = waiting[0]
            row = bench.index[name]
            spent += float(bench.seconds[row, list(steps[rung])].sum())
            record = bench.record(row, steps[rung])
            ladder.finish(rung, name, record)
            if rung == 0:
                results[name] = record
            if rung == len(rungs) - 1 and record.status == "ok":
                done.append((spent, row))
    return done


def _task(
    bench: Bench,
    source: Source,
    selection: Selection,
    total: int,
    seed: int,
    folder: Path,
    asynchronous: bool,
    experience: Experience | None,
) -> Task:
    problem = AmpProblem()
    return Task(
        proposer=bench.proposer,  # type: ignore[arg-type]
        source=type(source).__name__,
        total=total,
        seed=seed,
        names=OBJECTIVES,
        objectives=[problem.objective(name) for name in OBJECTIVES],
        columns=OBJECTIVES,
        selection=selection,
        folder=folder,
        identity=lambda settings: "replay",
        asynchronous=asynchronous,
        experience=experience,
    )


def by_optuna(bench: Bench, sampler: optuna.samplers.BaseSampler, total: int, until_s: float) -> Trained:
    """So many candidates that a sampler proposes, each trained to the end; what is known costs no time."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(directions=["minimize", "minimize"], sampler=sampler)
    spent, done, known, in_vain = 0.0, Trained(), set[str](), 0
    while len(known) < total and spent < until_s and in_vain < MOST_IN_VAIN:
        trial = study.ask()
        network = bench.proposer.draw(TrialChooser(trial)).network
        row = bench.index[network.name]
        in_vain = in_vain + 1 if network.name in known else 0
        if network.name not in known:
            known.add(network.name)
            spent += float(bench.seconds[row].sum())
            done.append((spent, row))
        score = min(float(bench.scores[row, -1]), 2.0)
        study.tell(trial, [score, network.cost])
    return done
