"""`search=ladder|budget|optuna`: a source, rungs and a selection, put together."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig, open_dict, read_write

from voxnas.records.pareto import Objective
from voxnas.search.experience.founders import Experience
from voxnas.search.experience.runs import read_runs
from voxnas.search.experience.surrogate import Surrogate
from voxnas.search.identity import search_identity
from voxnas.search.objectives import configured_objectives, directed
from voxnas.search.parts import make_part
from voxnas.search.selection.base import Selection
from voxnas.search.selection.ladder import Ladder
from voxnas.search.selection.rungs import Rung, make_rungs
from voxnas.search.sources.base import Candidate, Source, Task
from voxnas.search.sources.guests import WithGuests, guests_of
from voxnas.search.sources.proposals import Proposer
from voxnas.search.spaces.old_form import parameters
from voxnas.search.sweepers.base import StudySweeper
from voxnas.search.sweepers.climb import Climb
from voxnas.search.sweepers.finals import Finals
from voxnas.search.sweepers.first_edition import identity_then
from voxnas.search.sweepers.goal import Goal
from voxnas.search.sweepers.jobs import Jobs, jobs_of
from voxnas.search.sweepers.planning import planned
from voxnas.search.sweepers.runner import Outcome
from voxnas.search.sweepers.runs import Runs
from voxnas.utils.errors import InputError
from voxnas.utils.resolvers import side_by_side

log = logging.getLogger(__name__)

PROMOTIONS = ("sync", "async")
USUAL = {"selection": "rank", "promotion": "sync"}


class LadderSweeper(StudySweeper):
    """All candidates briefly, the best of them for longer, from the weights they have.

    The candidates are written down; which climb follows from their records. So processes that work on one
    study at the same time agree, and running again goes on where the last one was cut.

    Args:
        source: of the candidates, a config of `search/source`.
        n_trials: number of candidates.
        rungs: epochs that each rung adds; each has a learning-rate schedule of its own. None for a search of
            one rung, whose settings are those of the command line.
        keep: see `make_rungs`.
        selection: of those that climb, a config of `search/selection`.
        promotion: "sync" when all have finished a rung, "async" as soon as may be, see `Ladder`.
        goal: config of a `Goal`; None for the frontier.
        guests: configs of `model` that are candidates to the end whatever the source proposes; None for
            those of the problem, see `Problem.presets`.
        experience: of earlier searches: what `read_runs` takes; None for none.
        minutes: of the whole, which decide the number of candidates and the rungs' epochs, see `Plan`; None
            for those that are given.
        seed: of all chance.
        params, space: what is searched, see `Proposer`; `search_space` is the old name of `params`.
        objectives, direction: of the search, see `directed`.
        rung: that of the runs of a search of one rung, where no `search` says so.
        of_parts: what the configs of the parts refer to.
    """

    def __init__(
        self,
        source: str,
        n_trials: int,
        rungs: Sequence[int] | None = None,
        keep: float | Sequence[float] | None = None,
        selection: str = "rank",
        promotion: str = "sync",
        goal: DictConfig | None = None,
        guests: Sequence[str] | None = (),
        experience: str | Sequence[str] | None = None,
        minutes: float | None = None,
        seed: int = 0,
        params: Mapping[str, Any] | None = None,
        search_space: Mapping[str, Any] | None = None,
        space: DictConfig | None = None,
        objectives: Sequence[str] = ("score",),
        direction: str | Sequence[str] | None = None,
        rung: str | None = None,
        **of_parts: Any,
    ) -> None:
        self.source, self.n_trials, self.rungs, self.keep = source, n_trials, rungs, keep
        self.selection, self.promotion, self.goal, self.guests = selection, promotion, goal, guests
        self.experience = [experience] if isinstance(experience, str) else list(experience or [])
        self.seed, self.space, self.rung, self.minutes = seed, space, rung, minutes
        self._params, self._search_space = params, search_space
        self._objectives, self._direction = objectives, direction

    @property
    def params(self) -> Mapping[str, Any] | None:
        """Parameters of the search with their values, by config key."""
        return parameters(self._params, self._search_space)

    def search(self, arguments: list[str]) -> list[Outcome]:
        HydraConfig.instance().set_config(self.config)
        rungs = self._rungs()
        objectives = self._parsed_objectives()
        self._check(arguments)
        source: Source = make_part("source", self.source, self.config)
        selection: Selection = make_part("selection", self.selection, self.config)
        goal = Goal() if self.goal is None else instantiate(self.goal)
        arguments = [*arguments, *goal.overrides(self.config)]
        task = replace(
            self._task(arguments, rungs[0], objectives, selection, goal),
            experience=self._learnt(source, objectives),
        )
        guests = self._guests(task)
        if self.minutes is not None:
            task, rungs = planned(task, rungs, guests, goal.most_runs, self.minutes)
        total = task.total + len(guests)
        names = [guest.name for guest in guests]
        ladder = Ladder(rungs, selection, self.promotion == "async", total, names)
        runs = Runs([self._folder(rung) for rung in rungs], self.start_ns)
        with WithGuests(source.supply(task), guests) as supply:
            jobs = self._jobs(rungs, task.proposer)
            outcomes = Climb(ladder, supply, self.runner, runs, jobs, task.side_by_side).to_the_end()
        finals = Finals(self.runner, jobs.final, goal.seeds, goal.sure)
        finals.play(goal.finalists(outcomes, rungs[-1].name) if len(rungs) > 1 else [])
        outcomes += finals.outcomes
        goal.conclude(self.config, outcomes, finals)
        return outcomes

    def _rungs(self) -> list[Rung]:
        if self.rungs is None:
            return [Rung(str(self.rung or self.config.rung), None, None)]
        return make_rungs(list(self.rungs), _plain(self.keep))

    def _check(self, arguments: Sequence[str]) -> None:
        if not isinstance(self.n_trials, int) or self.n_trials < 1:
            raise InputError(f"n_trials={self.n_trials}: give a whole number of candidates from 1")
        if self.promotion not in PROMOTIONS:
            raise InputError(f"search.promotion={self.promotion}: one of {', '.join(PROMOTIONS)}")
        if self.rungs is None:
            return
        if any(argument.lstrip("+").startswith("trainer.max_epochs=") for argument in arguments):
            raise InputError("trainer.max_epochs: a ladder's epochs are those of its rungs, search.rungs")
        if self.params is None and self.space is None and not any("," in a for a in arguments):
            raise InputError("what is to be searched? Name a space, such as space=plugin")

    def _parsed_objectives(self) -> list[Objective]:
        """They go into the config, where those parts find them that go by them."""
        names = directed(self._objectives, self._direction, instantiate(self.config.problem))
        with read_write(self.config), open_dict(self.config):
            self.config.objectives = names
        return configured_objectives(self.config)

    def _task(
        self,
        arguments: Sequence[str],
        rung: Rung,
        objectives: Sequence[Objective],
        selection: Selection,
        goal: Goal,
    ) -> Task:
        own = {"selection": self.selection, "promotion": self.promotion}
        return Task(
            proposer=self._proposer(arguments),
            source=self.source,
            total=self.n_trials,
            seed=self.seed,
            names=tuple(self.config.objectives),
            objectives=objectives,
            columns=tuple(instantiate(self.config.problem).column(o.name) for o in objectives),
            selection=selection,
            folder=Path(self.config.hydra.sweep.dir),
            identity=lambda settings: search_identity(
                self.config, {"params": self.params, "space": self.space, **settings}, arguments
            ),
            identity_then=identity_then(self.config),
            limits={**goal.settings(), **({"experience": self.experience} if self.experience else {})},
            unusual={key: value for key, value in own.items() if value != USUAL[key]},
            least_cost=goal.least_cost,
            overrides=tuple(self._overrides(rung)),
            epochs=rung.epochs,
            side_by_side=side_by_side(),
            asynchronous=self.promotion == "async",
            stale_after_s=self.config.stale_after_s,
        )

    def _learnt(self, source: Source, objectives: Sequence[Objective]) -> Experience | None:
        if not self.experience:
            return None
        if not source.learns:
            raise InputError(
                f"search.experience: search.source={self.source} learns from none; evolution and random do"
            )
        runs = read_runs(self.experience, instantiate(self.config.problem))
        log.info("experience: %d runs of %d groups", len(runs), len({run.group for run in runs}))
        return Experience(Surrogate(runs, self.seed), objectives)

    def _guests(self, task: Task) -> list[Candidate]:
        models = instantiate(self.config.problem).presets if self.guests is None else list(self.guests)
        return guests_of(task, models)

    def _proposer(self, arguments: Sequence[str]) -> Proposer:
        space = None if self.space is None else instantiate(self.space, _convert_="all")
        proposer = Proposer(str(self.config.hydra.job.config_name), self.params, arguments, space)
        if space is None and not proposer.flat.parameters:
            raise InputError("there is nothing to choose from: name a space, such as space=poc")
        return proposer

    def _jobs(self, rungs: Sequence[Rung], proposer: Proposer) -> Jobs:
        promoted = Path(self.config.paths.log_dir) / "promoted"
        first = self._overrides(rungs[0])
        return jobs_of(
            proposer, rungs, first, str(self.config.study), promoted, self._folder(rungs[0]).absolute()
        )

    def _overrides(self, rung: Rung) -> list[str]:
        """Of every run on the first rung, beside the command line's."""
        return rung.overrides if self.rung is None else [f"rung={self.rung}"]

    def _folder(self, rung: Rung) -> Path:
        """The folder of a rung's runs, see `hydra.sweep.subdir`."""
        folder = Path(self.config.hydra.sweep.dir)
        return folder if self.rungs is None else folder / rung.name


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float | str) else list(value)
