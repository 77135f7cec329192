"""Differentiable search of one genotype: fit the relaxed network, leave what it found."""

from pathlib import Path
from typing import Any

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from voxnas.models.genotype import as_values, write_genotype
from voxnas.problems.base import Problem
from voxnas.problems.data import DataModule
from voxnas.records.claim import Claim
from voxnas.records.record import Record
from voxnas.report.genotypes.plot import write_genotype_plot
from voxnas.search.darts.costs import MODES, price_of
from voxnas.search.darts.module import DartsModule
from voxnas.search.darts.pricing import operation_costs
from voxnas.search.darts.relaxed import GENOTYPE, WEIGHTS, relaxed_network
from voxnas.search.identity import relaxed_identity
from voxnas.tasks.describe import new_record
from voxnas.tasks.trainer import make_trainer
from voxnas.training.run import CHECKPOINTS, best_checkpoint, fit, load_checkpoint

COSTS = "operation_costs.json"
OF_THE_SWEEP = ("nas_seeds", "nas_keep_weights")


class RelaxedSearch:
    """A relaxed network whose weights and choices are trained in turns, and the genotype that it ends in."""

    kind = "search"

    def __init__(self, cfg: DictConfig) -> None:
        self.cfg, self.callbacks = cfg, cfg.darts.callbacks
        self.problem: Problem = instantiate(cfg.problem)
        self.data: DataModule = instantiate(cfg.data)

    def new_record(self) -> Record:
        self.network = relaxed_network(self.cfg)  # what cannot be is said before data is read
        record = new_record(self.cfg, self.problem, self.kind)
        record.search = {"by": "darts", "space": str(OmegaConf.select(self.cfg, "darts.space"))}
        nas = {str(key): value for key, value in self.cfg.items() if str(key).startswith("nas_")}
        record.settings = {key: _plain(value) for key, value in nas.items() if key not in OF_THE_SWEEP}
        return record

    def describe(self, record: Record, previous: Record | None) -> str | None:
        self.data.adapt(self.network)
        self.batches = self.data.bilevel(self.cfg.nas_choice_share, self.cfg.nas_choice_batch_size)
        record.data = self.data.describe()
        record.identity = relaxed_identity(self.cfg, record)
        return None

    def earlier_identity(self, record: Record) -> str:
        return ""  # searches of the first edition are done again

    def fit(self, record: Record, folder: Path, claim: Claim, resume: Path | None) -> None:
        module = self._module(record, folder)
        trainer = make_trainer(self.cfg, self.callbacks, record, folder, claim)
        fit(trainer, module, self.batches, resume)
        _leave_genotype(folder, record, module)

    def measure(self, record: Record, folder: Path, claim: Claim) -> None:
        """Nothing is measured after a search."""

    def _module(self, record: Record, folder: Path) -> DartsModule:
        mode, table = self.cfg.nas_optimization_mode, None
        if mode == "CPU":
            table = operation_costs(self.network, folder / COSTS)
        price = price_of(mode, table)
        largest = self.network.largest_cost(price)
        record.search |= {"cost_unit": MODES[mode], "largest_cost": largest}
        recipe = {part: instantiate(self.cfg.training[part]) for part in ("loss", "schedule")}
        make: Any = instantiate(self.cfg.darts.module, _convert_="all")
        score = self.problem.score_meter()
        module: DartsModule = make(
            network=self.network, score=score, price=price, largest_cost=largest, **recipe
        )
        return module


def _leave_genotype(folder: Path, record: Record, module: DartsModule) -> None:
    """Of the best epoch by the validation section: the genotype, its picture and its weights."""
    module.load_state_dict(load_checkpoint(best_checkpoint(folder))["state_dict"])
    genotype = module.network.genotype()
    record.search["genotype"] = as_values(genotype)
    if weights := module.network.genotype_weights():
        path = folder / CHECKPOINTS / WEIGHTS
        torch.save({"state_dict": {f"network.{name}": w for name, w in weights.items()}}, path)
    write_genotype_plot(genotype, folder / "genotype.png")
    write_genotype(genotype, folder / GENOTYPE)


def _plain(value: Any) -> Any:
    return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
