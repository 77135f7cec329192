"""Train one candidate, or with `-m` sweep over many.

python src/train.py model=standard data=amp_pair data.input=dry.wav data.target=amp.wav
python src/train.py -m search=phase1 space=poc study=mine
"""

import gc
import logging
import traceback
from pathlib import Path

import lightning.pytorch as pl
import torch
from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig

from voxnas.callbacks.base import RunCallback
from voxnas.callbacks.progress import announce, announce_search
from voxnas.data.datamodule import PairDataModule
from voxnas.models.base import Network
from voxnas.records.pareto import Objective
from voxnas.records.record import Record
from voxnas.records.run_folder import continues, exclusive, is_finished, previous_record, set_aside
from voxnas.search.constraints import violation
from voxnas.search.describe import describe_data, describe_network, describe_search, identify, new_record
from voxnas.search.objectives import parse_objectives
from voxnas.training.module import AmpModule
from voxnas.training.run import fit_and_test, last_checkpoint, load_checkpoint
from voxnas.utils.app import RunError, hydra_app, quiet_libraries, root_cause
from voxnas.utils.errors import InputError

log = logging.getLogger("voxnas")


@hydra_app("train")
def main(cfg: DictConfig) -> float | tuple[float, ...]:
    """Run the candidate unless it is finished; return the objectives that `cfg.objectives` names."""
    quiet_libraries()
    objectives = parse_objectives(cfg.objectives)
    folder = Path(HydraConfig.get().runtime.output_dir)
    number = HydraConfig.get().job.get("num", 0)
    if cfg.task == "darts":
        return _search(cfg, folder)
    if cfg.task != "train":
        raise InputError(f"unknown task {cfg.task!r}: train or darts")
    with exclusive(folder):
        record, note = run(cfg, folder)
    announce(record, number, note)
    if record.status == "failed":
        raise RunError(f"{record.candidate}: {record.reason}")
    gc.collect()  # a sweep goes on in this process
    values = tuple(_value(record, objective) for objective in objectives)
    return values if len(values) > 1 else values[0]


def _search(cfg: DictConfig, folder: Path) -> float:
    from voxnas.search.darts.task import search

    with exclusive(folder):
        record, note = search(cfg, folder)
    announce_search(record, note)
    if record.status == "failed":
        raise RunError(f"{record.candidate}: {record.reason}")
    return record.best_val_loss or float("inf")


def _value(record: Record, objective: Objective) -> float:
    value = getattr(record, objective.name)
    return float("inf") if value is None else float(value)


def run(cfg: DictConfig, folder: Path) -> tuple[Record, str]:
    """The run's record, and a note on how it came about. Raises InputError if the data cannot be used."""
    pl.seed_everything(cfg.seed, workers=True, verbose=False)
    if cfg.threads:
        torch.set_num_threads(cfg.threads)
    datamodule: PairDataModule = instantiate(cfg.data)
    recipe = {part: instantiate(config) for part, config in cfg.training.items()}
    record = new_record(cfg, datamodule.sample_rate)
    previous = previous_record(folder)
    try:
        network: Network = instantiate(cfg.model, _convert_="all")
    except Exception as error:
        return _failed(record, error, folder), ""
    datamodule.suit(network.receptive_field, network.segment_length, network.delay_samples)
    describe_network(record, network, datamodule.sample_rate)
    describe_search(record, cfg.get("genotype"))
    record.reason = violation(network, datamodule.sample_rate, **cfg.constraints)
    if record.reason is None:
        describe_data(record, datamodule.recording)
    record.identity = identify(cfg, record)
    if previous is not None and is_finished(previous, record.identity):
        return previous, "done before"
    if record.reason is not None:
        record.status = "rejected"
        record.write(folder)
        return record, ""
    try:
        resume = _prepare(folder, previous, record, Path(cfg.paths.log_dir))
        module = AmpModule(network, sample_rate=datamodule.sample_rate, **recipe)
        _train(cfg, folder, record, module, datamodule, resume)
    except KeyboardInterrupt:
        record.status, record.reason = "interrupted", "stopped by the user"
        record.write(folder)
        raise
    except Exception as error:
        return _failed(record, error, folder), ""
    record.status = "ok"
    record.write(folder)
    return record, "resumed" if resume else ""


def _prepare(folder: Path, previous: Record | None, record: Record, log_dir: Path) -> Path | None:
    """Make the folder ready; return the checkpoint to go on from."""
    resume = last_checkpoint(folder) if continues(previous, record) else None
    if resume is None:
        record.history = []
        if previous is not None and (replaced := set_aside(folder, log_dir)):
            why = "other settings or data" if previous.identity != record.identity else previous.status
            log.info("%s: an earlier run (%s) was moved to %s", record.candidate, why, replaced)
    record.write(folder)
    return resume


def _train(
    cfg: DictConfig,
    folder: Path,
    record: Record,
    module: AmpModule,
    data: PairDataModule,
    resume: Path | None,
) -> None:
    if cfg.init_from and resume is None:
        module.start_from(load_checkpoint(Path(cfg.init_from))["state_dict"])
    callbacks = [instantiate(c) for c in cfg.callbacks.values() if _is_wanted(c)]
    for callback in callbacks:
        if isinstance(callback, RunCallback):
            callback.attach(record, folder)
    loggers = [instantiate(logger) for logger in (cfg.logger or {}).values()]
    trainer: pl.Trainer = instantiate(cfg.trainer, callbacks=callbacks, logger=loggers)
    fit_and_test(trainer, module, data, folder, resume)


def _is_wanted(callback: DictConfig | None) -> bool:
    """`callbacks.preview=null` leaves one out; early stopping needs a patience."""
    return bool(callback) and callback.get("patience", 0) is not None


def _failed(record: Record, error: Exception, folder: Path) -> Record:
    """Record a failure with its one line, and the traceback beside it."""
    record.status, record.reason = "failed", root_cause(error)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "error.log").write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    record.write(folder)
    return record


if __name__ == "__main__":
    main()
