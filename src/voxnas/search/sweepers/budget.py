"""`search=budget`: the best model within a CPU cost, of candidates that cost nearly as much."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig

from voxnas.records.record import Record
from voxnas.report.build import ANSWER
from voxnas.search.budget import answer, best_within, budget_rtf, finished, time_again
from voxnas.search.side_by_side import BLOCK_SIZE
from voxnas.search.sweepers.goal import Goal
from voxnas.search.sweepers.runner import Outcome
from voxnas.utils.errors import InputError
from voxnas.utils.files import write_text

log = logging.getLogger(__name__)

MEASURED_HERE = ("auto", "native", "torch")  # engines that the models can be timed with again
MARGIN = 1.1  # what was measured once may be a few per cent too high


class Budget(Goal):
    """The best within a budget. Candidates cost between a share of it and all of it.

    The cost is that of blocks of 64 samples. At the end the best are measured again at more length, and the
    answer is written into the study's folder.

    Args:
        max_cpu_rtf, max_us_per_block: the budget, see `budget_rtf`.
        share: of the budget that candidates cost at least, as the best cost most; where the space has too few
            such, the costliest of the others fill up.
    """

    def __init__(self, max_cpu_rtf: object, max_us_per_block: object, share: float = 0.4) -> None:
        self.given, self.share = (max_cpu_rtf, max_us_per_block), share

    def overrides(self, config: DictConfig) -> list[str]:
        rate: int = instantiate(config.data).sample_rate
        self.budget = budget_rtf(*self.given, rate)
        if not 0 <= self.share < 1:
            raise InputError(f"search.share={self.share}: give a number from 0 to below 1")
        self.floor_rtf = self.share * self.budget
        return [f"constraints.max_cpu_rtf={self.budget!r}"]

    def settings(self) -> Mapping[str, Any]:
        return {"budget": self.budget, "share": self.share}

    def conclude(self, config: DictConfig, outcomes: Sequence[Outcome]) -> None:
        records: dict[Path, Record] = {
            o.folder: o.record for o in outcomes if o.folder is not None and o.record is not None
        }
        models = finished(records)
        if config.callbacks.benchmark.engine in MEASURED_HERE:
            meter = instantiate(config.cost, block_size=BLOCK_SIZE, _convert_="all")
            models = time_again(models, meter, MARGIN, self.budget)
        line = answer(best_within(models, self.budget), self.budget, models)
        write_text(Path(config.hydra.sweep.dir) / ANSWER, line + "\n")
        log.info("%s", line)
