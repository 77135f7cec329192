"""`search=budget`: the best model within a cost, by a ladder over what costs nearly as much."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.utils import instantiate

from voxnas.records.record import Record
from voxnas.records.study import ANSWER
from voxnas.search.budget import answer, best_within, finished, measured_again
from voxnas.search.cost.base import Meter
from voxnas.search.preview import cost_meter
from voxnas.search.sweepers.base import Outcome
from voxnas.search.sweepers.ladder import LadderSweeper
from voxnas.utils.errors import InputError
from voxnas.utils.files import write_text

log = logging.getLogger(__name__)

MARGIN = 1.1  # what was measured once may be a few per cent too high


class BudgetSweeper(LadderSweeper):
    """Draws candidates that cost between a share of the budget and the budget, and lets the best climb.

    The cost is what the problem's meter tells. At the end the best are measured again at more length, and the
    answer is written into the study's folder.

    Args:
        limits: of which one is given, see `Meter.budget`.
        share: of the budget that candidates cost at least, as the best score costs most; where the space has
            too few such, the costliest of the others fill up.
        settings: see `LadderSweeper`.
    """

    def __init__(self, limits: Mapping[str, object], share: float = 0.4, **settings: Any) -> None:
        super().__init__(**settings)
        self.limits, self.share = dict(limits), share

    def search(self, arguments: list[str]) -> list[Outcome]:
        meter = cost_meter(self.config)
        if meter is None:
            raise InputError(f"search=budget: problem={self.config.problem} tells no costs")
        self.budget = meter.budget(self.limits, instantiate(self.config.data).facts())
        if not 0 <= self.share < 1:
            raise InputError(f"search.share={self.share}: give a number from 0 to below 1")
        self.floor_rtf = self.share * self.budget
        outcomes = super().search([*arguments, f"constraints.max_{meter.figure}={self.budget!r}"])
        self._answer(outcomes, meter)
        return outcomes

    def _limits(self) -> Mapping[str, Any]:
        return {"budget": self.budget, "share": self.share}

    def _answer(self, outcomes: Sequence[Outcome], meter: Meter) -> None:
        records: dict[Path, Record] = {
            o.folder: o.record for o in outcomes if o.folder is not None and o.record is not None
        }
        models = finished(records, meter.figure)
        if meter.measures:
            models = measured_again(models, meter, MARGIN, self.budget)
        score = instantiate(self.config.problem).score
        line = answer(best_within(models, self.budget), self.budget, models, meter, score)
        write_text(Path(self.config.hydra.sweep.dir) / ANSWER, line + "\n")
        log.info("%s", line)
