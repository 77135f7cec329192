"""Search one genotype, unless that was done: fit the relaxed network, leave what it found."""

from pathlib import Path
from typing import Any

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from voxnas.data.datamodule import PairDataModule
from voxnas.models.genotype import as_values, write_genotype
from voxnas.records.claim import Claim
from voxnas.records.identity import identity, machine, versions
from voxnas.records.run_folder import set_aside
from voxnas.records.search_record import FILE_NAME, GENOTYPE, SearchRecord
from voxnas.report.genotype_plot import write_genotype_plot
from voxnas.search.darts.costs import MODES, price_of
from voxnas.search.darts.data import BilevelData
from voxnas.search.darts.module import DartsModule
from voxnas.search.darts.pricing import operation_costs
from voxnas.search.darts.relaxed import WEIGHTS, relaxed_network
from voxnas.search.darts.supernet import SuperNet
from voxnas.search.describe import describe_data, shaping
from voxnas.tasks.job import begin, ending, make_trainer
from voxnas.training.run import CHECKPOINTS, best_checkpoint, fit, last_checkpoint, load_checkpoint
from voxnas.utils.clock import now

COSTS = "operation_costs.json"


def search_genotype(cfg: DictConfig, folder: Path, claim: Claim) -> tuple[SearchRecord, str]:
    """The search's record, and a note on how it came about.

    What is finished is found, what was cut goes on from its last epoch, what was searched with other settings
    is moved away. Raises as `train_candidate`, and InputError if the settings cannot be used.
    """
    begin(cfg)
    network = relaxed_network(cfg)
    data: PairDataModule = instantiate(cfg.data)
    data.suit(network.receptive_field, network.segment_length, network.batch_size, network.delay_samples)
    bilevel = BilevelData(data, cfg.nas_choice_share, cfg.nas_choice_batch_size)
    bilevel.parts()
    record = _new_record(cfg, data)
    previous = SearchRecord.read(folder) if (folder / FILE_NAME).exists() else None
    same = previous is not None and previous.identity == record.identity
    if previous is not None and same and previous.status == "ok":
        return previous, "done before"
    goes_on = previous is not None and same and previous.status in ("running", "interrupted")
    resume = last_checkpoint(folder) if goes_on else None
    if resume is None and previous is not None:
        set_aside(folder, Path(cfg.paths.log_dir))
    with ending(record, folder, claim):
        record.write(folder)
        module = _make_module(cfg, record, network, folder)
        trainer = make_trainer(cfg, cfg.darts.callbacks, record, folder, claim)
        fit(trainer, module, bilevel, resume)
        _leave_genotype(folder, record, module)
    return record, "resumed" if resume and record.status == "ok" else ""


def _make_module(cfg: DictConfig, record: SearchRecord, network: SuperNet, folder: Path) -> DartsModule:
    mode, table = cfg.nas_optimization_mode, None
    if mode == "CPU":
        table = operation_costs(network, folder / COSTS)
    price = price_of(mode, table)
    record.cost_unit, record.largest_cost = MODES[mode], network.largest_cost(price)
    recipe = {part: instantiate(cfg.training[part]) for part in ("loss", "schedule")}
    module: DartsModule = instantiate(cfg.darts.module, _convert_="all")(
        network=network, price=price, largest_cost=record.largest_cost, **recipe
    )
    return module


def _leave_genotype(folder: Path, record: SearchRecord, module: DartsModule) -> None:
    """Of the best epoch by the validation section: the genotype, its picture and its weights."""
    module.load_state_dict(load_checkpoint(best_checkpoint(folder))["state_dict"])
    genotype = module.network.genotype()
    record.genotype = as_values(genotype)
    if weights := module.network.genotype_weights():
        path = folder / CHECKPOINTS / WEIGHTS
        torch.save({"state_dict": {f"network.{name}": w for name, w in weights.items()}}, path)
    write_genotype_plot(genotype, folder / "genotype.png")
    write_genotype(genotype, folder / GENOTYPE)


def _new_record(cfg: DictConfig, data: PairDataModule) -> SearchRecord:
    nas = {str(key): _plain(value) for key, value in cfg.items() if str(key).startswith("nas_")}
    record = SearchRecord(
        candidate=cfg.name,
        study=cfg.study,
        status="running",
        identity="",
        space=str(OmegaConf.select(cfg, "darts.space")),
        seed=cfg.seed,
        settings={key: value for key, value in nas.items() if key not in ("nas_seeds", "nas_keep_weights")},
        machine=machine() | {"threads": torch.get_num_threads()},
        versions=versions(),
        created=now(),
    )
    describe_data(record, data.recording)
    shaped_by = {
        "network": _plain(cfg.darts.network),
        "module": _plain(cfg.darts.module),
        "settings": record.settings,
        "recording": record.data.get("fingerprint"),
        "sections": record.data.get("sections"),
        "training": {part: _plain(cfg.training[part]) for part in ("loss", "schedule")},
        "data": shaping(cfg, "data"),
        "trainer": shaping(cfg, "trainer"),
    }
    record.identity = identity(shaped_by)
    return record


def _plain(value: Any) -> Any:
    return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
