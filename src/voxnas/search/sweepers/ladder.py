"""`search=ladder`: successive halving over any number of rungs and objectives."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig

from voxnas.records.record import FILE_NAME, Record
from voxnas.search.describe import sweep_identity
from voxnas.search.objectives import parse_objectives
from voxnas.search.selection.candidates import write_candidates
from voxnas.search.selection.choose import ranked, select
from voxnas.search.selection.rank import Rung, make_rungs
from voxnas.search.sources.descent import Choices, founders, generation_sizes, offspring
from voxnas.search.sources.drawn import drawn_once
from voxnas.search.sources.proposals import Proposal, Proposer
from voxnas.search.sources.sampling import at_least_one, draw_sample, take_sample
from voxnas.search.sweepers.base import Outcome
from voxnas.search.sweepers.optuna import OptunaSweeper, numbered
from voxnas.utils.errors import InputError

log = logging.getLogger(__name__)

SOURCES = ("random", "grid", "optuna", "evolution")


class LadderSweeper(OptunaSweeper):
    """All candidates briefly, the best of them for longer, from the weights they have.

    Who is tried is drawn once and written down; who climbs follows from the records of those. So processes
    that work on one study at the same time agree, and running again goes on where the last one was cut.

    Args:
        rungs: epochs that each rung adds; each has a learning-rate schedule of its own.
        keep: see `make_rungs`.
        source: "random" draws `n_trials` candidates, "grid" takes all; of how those before did on the first
            rung learn "optuna", where a sampler proposes so many, and "evolution", see `generations`.
        generations: of an evolution: each descends from the `parents` best of all before it.
        parents: the best by the objectives, in the order of climbing.
        settings: see `OptunaSweeper`.
    """

    floor_rtf: float | None = None  # cost of the candidates that go first, where enough cost so much

    def __init__(
        self,
        rungs: Sequence[int],
        keep: float | Sequence[float],
        source: str = "random",
        generations: int = 1,
        parents: int = 4,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self.rungs, self.keep, self.source = rungs, keep, source
        self.generations, self.parents = generations, parents

    def search(self, arguments: list[str]) -> list[Outcome]:
        HydraConfig.instance().set_config(self.config)
        rungs = make_rungs(_plain(self.rungs), _plain(self.keep))
        objectives = parse_objectives(self.names)
        self._check(arguments)
        proposer = self._proposer(arguments)
        outcomes = reached = self._first_rung(rungs[0], proposer, arguments)
        for below, rung in pairwise(rungs):
            climbing = select(_records(reached), below, objectives)
            reached = self._climb(climbing, len(reached), rung, proposer)
            outcomes = outcomes + reached
        return outcomes

    def _check(self, arguments: Sequence[str]) -> None:
        if self.source not in SOURCES:
            raise InputError(f"search.source={self.source}: one of {', '.join(SOURCES)}")
        if isinstance(self.parents, bool) or not isinstance(self.parents, int) or self.parents < 1:
            raise InputError(f"search.parents={self.parents}: give a whole number from 1")
        if any(argument.lstrip("+").startswith("trainer.max_epochs=") for argument in arguments):
            raise InputError("trainer.max_epochs: a ladder's epochs are those of its rungs, search.rungs")
        if self.params is None and self.space is None and not any("," in a for a in arguments):
            raise InputError("what is to be searched? Name a space, such as space=plugin")

    def _first_rung(self, rung: Rung, proposer: Proposer, arguments: Sequence[str]) -> list[Outcome]:
        self._jobs = 0
        if self.source == "optuna":
            return self._with_others(self._search_trials(proposer, arguments, _of(rung)), rung)
        if self.source == "evolution":
            return self._evolve(rung, proposer, arguments)
        draw = proposer.grid if self.source == "grid" else partial(self._draw, proposer)
        drawn = drawn_once(self._list_of("candidates", arguments), draw)
        return self._train([proposer.job(candidate.chosen) for candidate in drawn], rung)

    def _draw(self, proposer: Proposer) -> list[Proposal]:
        sample = draw_sample(proposer, self._total(), self.seed, self.floor_rtf)
        log.info("%s", sample)
        return sample.kept

    def _evolve(self, rung: Rung, proposer: Proposer, arguments: Sequence[str]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        choices: dict[str, Choices] = {}
        for generation, size in enumerate(generation_sizes(self._total(), self.generations)):
            descend = partial(self._generation, proposer, generation, size, outcomes, choices)
            drawn = drawn_once(self._list_of(f"candidates-{generation + 1}", arguments), descend)
            choices |= {candidate.name: candidate.choices for candidate in drawn}
            jobs = [proposer.job(candidate.chosen) for candidate in drawn]
            outcomes += self._train(jobs, rung, self._total())
        return outcomes

    def _generation(
        self,
        proposer: Proposer,
        generation: int,
        size: int,
        before: Sequence[Outcome],
        choices: Mapping[str, Choices],
    ) -> list[Proposal]:
        best = ranked(_records(before), parse_objectives(self.names))[: self.parents]
        parents = [choices[run.name] for run in best]
        if parents:
            proposals = offspring(proposer, parents, self.seed, generation)
        else:
            proposals = founders(proposer, self.seed)
        sample = take_sample(proposals, size, self.floor_rtf, choices)
        if not choices:
            at_least_one(sample)
        log.info("generation %d: %s", generation + 1, sample)
        return sample.kept

    def _list_of(self, name: str, arguments: Sequence[str]) -> Path:
        settings: dict[str, Any] = {"params": self.params, "space": self.space}
        settings |= {"source": self.source, "n": self._total()}
        if self.source == "evolution":
            settings |= {"generations": self.generations, "parents": self.parents, "names": list(self.names)}
            settings |= {"epochs": self.rungs[0]}
        settings |= self._limits()
        key = sweep_identity(self.config, settings, arguments)
        return Path(self.config.hydra.sweep.dir) / f"{name}-{key}.json"

    def _limits(self) -> Mapping[str, Any]:
        """What else decides who is drawn."""
        return {}

    def _with_others(self, own: list[Outcome], rung: Rung) -> list[Outcome]:
        """Beside the runs of this process those that others, or it before, have done for the same search."""
        known = {outcome.folder for outcome in own}
        runs = [Path(self.config.hydra.sweep.dir) / rung.name / name for name in self.trained]
        others = [run for run in runs if run not in known and (run / FILE_NAME).exists()]
        return own + [Outcome((), run, Record.read(run), None) for run in others]

    def _climb(self, climbing: Sequence[Path], before: int, rung: Rung, proposer: Proposer) -> list[Outcome]:
        study = str(self.config.study)
        group = Path(self.config.paths.log_dir) / "promoted" / "candidate" / study / rung.name
        configs = write_candidates(climbing, group)
        log.info("%d of %d candidates climb to %s: %d epochs", len(configs), before, rung.name, rung.epochs)
        shared = [o for o in proposer.flat.fixed if not _is_of_the_candidate(o)]
        jobs = [[f"candidate={study}/{rung.name}/{path.stem}", *shared] for path in configs]
        self._jobs = 0
        return self._train(jobs, rung)

    def _train(self, jobs: Sequence[Sequence[str]], rung: Rung, total: int | None = None) -> list[Outcome]:
        return self.launch(numbered([[*job, *_of(rung)] for job in jobs], total or len(jobs)))


def _records(outcomes: Sequence[Outcome]) -> dict[Path, Record]:
    return {o.folder: o.record for o in outcomes if o.folder is not None and o.record is not None}


def _of(rung: Rung) -> list[str]:
    return [f"rung={rung.name}", f"trainer.max_epochs={rung.epochs}"]


def _is_of_the_candidate(override: str) -> bool:
    """What a promoted candidate brings along, or what belongs to the space that it came from."""
    key = override.lstrip("+~").split("=", 1)[0]
    return key in ("model", "space", "candidate") or (key.startswith("model.") and key != "model.backend")


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float | str) else list(value)
