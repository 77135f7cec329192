"""The finals of a search: its best, trained afresh with other seeds, until one is known to be the best."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from voxnas.records.record import Record
from voxnas.search.selection.finals import confidence, standings, still_in
from voxnas.search.sweepers.runner import Job, Outcome, Runner

log = logging.getLogger(__name__)

FIRST = 2  # seeds of every finalist, the fewest that say how much they scatter
RUNG = "final"


class Finals:
    """Trains finalists with one seed after the other; those that are known to be worse get no more.

    Args:
        runner: trains.
        job: makes the job of a finalist and a seed.
        seeds: in their order.
        sure: confidence with which a finalist is known to be worse.

    Attributes:
        outcomes: of all runs.
        runs: the folder and the record of those that finished, by finalist.
    """

    def __init__(
        self, runner: Runner, job: Callable[[str, int], Job], seeds: Sequence[int], sure: float
    ) -> None:
        self.runner, self.job, self.seeds, self.sure = runner, job, list(seeds), sure
        self.outcomes: list[Outcome] = []
        self.runs: dict[str, list[tuple[Path, Record]]] = {}

    def play(self, finalists: Sequence[str]) -> None:
        """Bring them to an end; of one finalist, or with fewer than two seeds, there is nothing to decide."""
        left, seeds = list(finalists), self.seeds
        while len(left) > 1 and len(seeds) >= (1 if self.runs else FIRST):
            count = 1 if self.runs else FIRST
            log.info("final, %s: %s", _said(seeds[:count]), ", ".join(left))
            self._train(left, seeds[:count])
            left = [name for name in still_in(self.losses, self.sure) if name in left]
            seeds = seeds[count:]

    @property
    def losses(self) -> dict[str, list[float]]:
        """By finalist those of its finished runs."""
        return {name: [record.loss for _, record in runs] for name, runs in self.runs.items()}

    @property
    def best(self) -> str | None:
        """The finalist with the best mean; None where nothing was decided."""
        order = standings(self.losses)
        return order[0].name if order else None

    def words(self) -> str:
        """What came of it in a clause: mean, deviation, and the confidence against the next."""
        order = standings(self.losses)
        if not order:
            return ""
        best, *others = order
        said = f"mean of {best.seeds} seeds {abs(best.mean):.3g} ± {best.deviation:.2g}"
        if not others:
            return said
        against = max(others, key=lambda other: -confidence(self.losses, best.name, other.name))
        sure = confidence(self.losses, best.name, against.name)
        return (
            f"{said}; better than {against.name} ({abs(against.mean):.3g} ± {against.deviation:.2g})"
            f" with {sure:.0%} confidence"
        )

    def _train(self, finalists: Sequence[str], seeds: Sequence[int]) -> None:
        places = [(name, seed) for seed in seeds for name in finalists]
        outcomes = self.runner.run_all([self.job(name, seed) for name, seed in places])
        self.outcomes += outcomes
        for (name, _), outcome in zip(places, outcomes, strict=True):
            self.runs.setdefault(name, [])
            if outcome.folder is not None and outcome.record is not None and outcome.record.status == "ok":
                self.runs[name].append((outcome.folder, outcome.record))


def _said(seeds: Sequence[int]) -> str:
    return f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {', '.join(map(str, seeds))}"
