"""`search=budget`: the best model within a cost, of candidates that cost nearly as much."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra import compose
from hydra.errors import HydraException
from hydra.utils import instantiate
from omegaconf import DictConfig

from voxnas.records.study import ANSWER
from voxnas.search.budget import Model, answer, best_within, finished, measured_again, rivals, with_finals
from voxnas.search.preview import cost_meter
from voxnas.search.sweepers.finals import Finals
from voxnas.search.sweepers.goal import Goal
from voxnas.search.sweepers.runner import Outcome
from voxnas.utils.errors import InputError
from voxnas.utils.files import write_text
from voxnas.utils.search_path import own_places

log = logging.getLogger(__name__)

MARGIN = 1.1  # what was measured once may be a few per cent too high


class Budget(Goal):
    """The best within a budget. Candidates cost between a share of it and all of it.

    The cost is what the problem's meter tells. At the end the best are measured again at more length, and the
    answer is written into the study's folder.

    Args:
        limits: of which one is given, see `Meter.budget`, unless `like` is.
        like: a config of `model`, whose cost is the budget.
        share: of the budget that candidates cost at least, as the best score costs most; where the space has
            too few such, the costliest of the others fill up.
        seeds, sure: of the finals between the best, see `Finals`; fewer than two seeds for none.
        most_finalists: how many play them at most.
    """

    def __init__(
        self,
        limits: Mapping[str, object],
        share: float = 0.4,
        like: str | None = None,
        seeds: Sequence[int] = (),
        sure: float = 0.9,
        most_finalists: int = 4,
    ) -> None:
        self.limits, self.share, self.like = dict(limits), share, like
        self.seeds, self.sure, self.most_finalists = list(seeds), sure, most_finalists
        self.most_runs = most_finalists * len(self.seeds)
        self.models: list[Model] = []

    def overrides(self, config: DictConfig) -> list[str]:
        meter = cost_meter(config)
        if meter is None:
            raise InputError("search=budget: the problem tells no costs")
        self.meter = meter
        facts = instantiate(config.data).facts()
        self.budget = (
            meter.budget(self.limits, facts) if self.like is None else self._cost_of_it(config, facts)
        )
        if not 0 <= self.share < 1:
            raise InputError(f"search.share={self.share}: give a number from 0 to below 1")
        self.least_cost = self.share * self.budget
        return [f"constraints.max_{meter.figure}={self.budget!r}"]

    def _cost_of_it(self, config: DictConfig, facts: Mapping[str, Any]) -> float:
        given = [f"{name}={value}" for name, value in self.limits.items() if value is not None]
        if given:
            raise InputError(f"search.like={self.like} and {', '.join(given)}: give the budget in one way")
        try:
            chosen = compose(
                config.hydra.job.config_name, overrides=[f"model={self.like}", *own_places()]
            ).model
        except HydraException as error:
            raise InputError(f"search.like={self.like}: no config of a model, such as nano") from error
        network = instantiate(chosen, _convert_="all")
        cost = self.meter.cost(network, facts)
        log.info("the budget is what %s costs: %s", self.like, self.meter.describe(cost.value, facts))
        return cost.value

    def settings(self) -> Mapping[str, Any]:
        return {"budget": self.budget, "share": self.share}

    def finalists(self, outcomes: Sequence[Outcome], rung: str) -> list[str]:
        records = {o.folder: o.record for o in outcomes if o.folder is not None and o.record is not None}
        self.models = finished(records, self.meter.figure)
        if self.meter.measures:
            self.models = measured_again(self.models, self.meter, MARGIN, self.budget)
        return [m.record.candidate for m in rivals(self.models, self.budget, rung, self.most_finalists)]

    def conclude(self, config: DictConfig, outcomes: Sequence[Outcome], finals: Finals) -> None:
        best = best_within(with_finals(self.models, finals.best, finals.runs), self.budget)
        problem = instantiate(config.problem)
        formats = problem.report().formats
        line = answer(best, self.budget, self.models, self.meter, problem.score, formats, finals.words())
        write_text(Path(config.hydra.sweep.dir) / ANSWER, line + "\n")
        log.info("%s", line)
