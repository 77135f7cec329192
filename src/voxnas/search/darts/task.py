"""One search, from its config to the genotype in its folder: what `src/train.py` does for task=darts."""

import traceback
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from voxnas.data.datamodule import PairDataModule
from voxnas.models.genotype import as_values, write_genotype
from voxnas.records.identity import identity, machine, versions
from voxnas.records.run_folder import set_aside
from voxnas.records.search_record import FILE_NAME, GENOTYPE, SearchRecord
from voxnas.report.genotype_plot import write_genotype_plot
from voxnas.search.darts.costs import MODES, check_mode, price_of
from voxnas.search.darts.data import BilevelData
from voxnas.search.darts.module import DartsModule
from voxnas.search.darts.pricing import operation_costs
from voxnas.search.darts.supernet import SuperNet
from voxnas.search.describe import describe_data, shaping
from voxnas.training.run import CHECKPOINTS, best_checkpoint, last_checkpoint, load_checkpoint
from voxnas.utils.app import root_cause
from voxnas.utils.errors import InputError
from voxnas.utils.files import write_text

WEIGHTS = "network.ckpt"  # those of the genotype's network, where the space has them
COSTS = "operation_costs.json"


def relaxed_network(cfg: DictConfig) -> SuperNet:
    """The relaxed network of a config. Raises InputError on settings that cannot be, before data is read."""
    if "darts" not in cfg or "network" not in cfg.darts:
        raise InputError("a differentiable search wants a space of its own: space=darts_wavenet or darts_cnn")
    check_mode(cfg.nas_optimization_mode)
    if not cfg.nas_penalty >= 0:
        raise InputError(f"nas_penalty={cfg.nas_penalty}: give 0 or more")
    if len(cfg.nas_temperature) != 2 or not all(t > 0 for t in cfg.nas_temperature):
        raise InputError(f"nas_temperature={list(cfg.nas_temperature)}: give the first and the last, above 0")
    network: SuperNet = instantiate(cfg.darts.network, _convert_="all")
    return network


def search(cfg: DictConfig, folder: Path) -> tuple[SearchRecord, str]:
    """The search's record, and a note on how it came about.

    What is finished is found, what was cut goes on from its last epoch, what was searched with other settings
    is moved away. Raises InputError if the settings or the data cannot be used.
    """
    pl.seed_everything(cfg.seed, workers=True, verbose=False)
    if cfg.threads:
        torch.set_num_threads(cfg.threads)
    network = relaxed_network(cfg)
    data: PairDataModule = instantiate(cfg.data)
    data.suit(network.receptive_field, network.segment_length, network.delay_samples)
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
    record.write(folder)
    try:
        module = _fit(cfg, folder, record, network, bilevel, resume)
        _leave_genotype(folder, record, module)
    except KeyboardInterrupt:
        record.status, record.reason = "interrupted", "stopped by the user"
        record.write(folder)
        raise
    except Exception as error:
        record.status, record.reason = "failed", root_cause(error)
        write_text(folder / "error.log", "".join(traceback.format_exception(error)))
        record.write(folder)
        return record, ""
    record.status = "ok"
    record.write(folder)
    return record, "resumed" if resume else ""


def _fit(
    cfg: DictConfig,
    folder: Path,
    record: SearchRecord,
    network: SuperNet,
    data: BilevelData,
    resume: Path | None,
) -> DartsModule:
    mode, table = cfg.nas_optimization_mode, None
    if mode == "CPU":
        table = operation_costs(network, folder / COSTS)
    price = price_of(mode, table)
    record.cost_unit, record.largest_cost = MODES[mode], network.largest_cost(price)
    recipe = {part: instantiate(config) for part, config in cfg.training.items()}
    module: DartsModule = instantiate(cfg.darts.module, _convert_="all")(
        network=network, price=price, largest_cost=record.largest_cost, **recipe
    )
    callbacks = [instantiate(callback) for callback in cfg.darts.callbacks.values() if callback]
    for callback in callbacks:
        if hasattr(callback, "attach"):
            callback.attach(record, folder)
    loggers = [instantiate(logger) for logger in (cfg.logger or {}).values()]
    trainer: pl.Trainer = instantiate(cfg.trainer, callbacks=callbacks, logger=loggers)
    try:
        trainer.fit(module, data, ckpt_path=resume, weights_only=True)
    except SystemExit as stop:  # Lightning turns the signals it catches into an exit of its own
        raise KeyboardInterrupt from stop
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
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )
    describe_data(record, data.recording)
    shaped_by = {
        "network": _plain(cfg.darts.network),
        "module": _plain(cfg.darts.module),
        "settings": record.settings,
        "recording": record.data.get("fingerprint"),
        "sections": record.data.get("sections"),
        "training": _plain(cfg.training),
        "data": shaping(cfg, "data"),
        "trainer": shaping(cfg, "trainer"),
    }
    record.identity = identity(shaped_by)
    return record


def _plain(value: Any) -> Any:
    return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
