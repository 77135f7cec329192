"""Training of one candidate: build, hold to the limits, fit, test, measure, export."""

import logging
from functools import partial
from pathlib import Path
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig
from torch import Tensor

from voxnas.export.load import PREFIX
from voxnas.problems.base import Problem
from voxnas.problems.data import DataModule
from voxnas.records.claim import Claim
from voxnas.records.record import Record
from voxnas.search.constraints import Violation, violation
from voxnas.search.identity import run_identity, schema1_run_identity
from voxnas.search.preview import cost_figures, cost_meter
from voxnas.tasks.describe import estimate_cost, new_record, search_behind
from voxnas.tasks.job import NetworkError
from voxnas.tasks.start import inherited_weights, start_weights
from voxnas.tasks.trainer import make_trainer
from voxnas.training.run import fit, test
from voxnas.utils.errors import InputError

log = logging.getLogger(__name__)


class Candidate:
    """A network that is trained on the data of its problem, unless a limit keeps it out."""

    kind = "candidate"

    def __init__(self, cfg: DictConfig) -> None:
        self.cfg, self.callbacks = cfg, cfg.callbacks
        self.problem: Problem = instantiate(cfg.problem)
        self.data: DataModule = instantiate(cfg.data)
        self.network: Any = None
        self._broken: Violation | None = None
        self._start: dict[str, Tensor] | None = None

    def new_record(self) -> Record:
        return new_record(self.cfg, self.problem)

    def describe(self, record: Record, previous: Record | None) -> str | None:
        self.recipe = {part: instantiate(config) for part, config in self.cfg.training.items()}
        try:
            self.network = instantiate(self.cfg.model, _convert_="all")
        except Exception as error:
            raise NetworkError(error) from error
        self.data.adapt(self.network)
        record.architecture = self.network.architecture()
        record.shape = self.problem.shape(self.network, self.data)
        if self.cfg.init_from and (previous is None or previous.status == "failed"):
            # what has begun or ended is found also where that file is gone
            self._start = start_weights(self.cfg.init_from, self.network)
        record.inherits = {} if previous is None else previous.inherits
        if self.cfg.get("genotype") is not None:
            record.search = search_behind(Path(self.cfg.genotype))
        meter = cost_meter(self.cfg)
        tell = None if meter is None else partial(estimate_cost, record, self.network, meter, previous)
        limits = dict(self.cfg.constraints)
        self._broken = violation(record.shape, limits, self.problem.figures, tell, cost_figures(meter))
        if self._broken is None:
            record.data = self.data.describe()
        record.identity = run_identity(self.cfg, record, self._limit)
        return None if self._broken is None else self._broken.reason

    @property
    def _limit(self) -> str | None:
        return None if self._broken is None else self._broken.limit

    def earlier_identity(self, record: Record) -> str:
        return schema1_run_identity(self.cfg, record, self._limit)

    def fit(self, record: Record, folder: Path, claim: Claim, resume: Path | None) -> None:
        module: Any = self.problem.module(self.network, self.data, self.recipe)
        if resume is None and (start := self._first_weights(record)):
            module.start_from({f"{PREFIX}{name}": weight for name, weight in start.items()})
        trainer = make_trainer(self.cfg, self.callbacks, record, folder, claim)
        fit(trainer, module, self.data, resume)
        test(trainer, module, self.data, folder)
        record.metrics |= self.data.figures()

    def _first_weights(self, record: Record) -> dict[str, Tensor] | None:
        """What training starts from; None for fresh weights."""
        record.inherits = {}
        if self.cfg.init_from:
            return self._start or start_weights(self.cfg.init_from, self.network)
        if not self.cfg.inherit_from:
            return None
        try:
            weights, share = inherited_weights(self.cfg.inherit_from, self.network)
        except InputError as error:
            log.warning("%s starts afresh: %s", record.candidate, error)
            return None
        record.inherits = {"run": Path(self.cfg.inherit_from).name, "share": round(share, 4)}
        log.info(
            "%s inherits %.0f%% of its weights of %s", record.candidate, 100 * share, record.inherits["run"]
        )
        return weights

    def measure(self, record: Record, folder: Path, claim: Claim) -> None:
        module = self.problem.module(self.network, self.data, self.recipe)
        test(make_trainer(self.cfg, self.callbacks, record, folder, claim), module, self.data, folder)
        record.metrics |= self.data.figures()
