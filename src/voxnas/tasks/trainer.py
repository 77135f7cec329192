"""Trainer of a job: seeds and threads, callbacks and loggers, from the config."""

from pathlib import Path

import lightning.pytorch as pl
import torch
from hydra.utils import instantiate
from lightning.pytorch.loggers import Logger
from omegaconf import DictConfig

from voxnas.callbacks.keep_claim import KeepClaim
from voxnas.records.claim import Claim
from voxnas.records.record import Record
from voxnas.training.callback import JobCallback
from voxnas.utils.errors import InputError


def begin(cfg: DictConfig) -> None:
    """Seed what is random, and take the threads that the job has.

    Raises InputError where the accelerator is not there.
    """
    if cfg.trainer.get("accelerator") in ("cuda", "gpu") and not torch.cuda.is_available():
        raise InputError(
            f"trainer.accelerator={cfg.trainer.accelerator}: PyTorch finds no CUDA GPU here; give trainer=cpu"
        )
    pl.seed_everything(cfg.seed, workers=True, verbose=False)
    if cfg.threads:
        torch.set_num_threads(cfg.threads)


def make_trainer(
    cfg: DictConfig, callbacks: DictConfig, record: Record, folder: Path, claim: Claim
) -> pl.Trainer:
    """The trainer with its loggers and callbacks, which know the record and the folder."""
    made = [KeepClaim(claim), *(instantiate(config) for config in callbacks.values() if _is_wanted(config))]
    for callback in made:
        if isinstance(callback, JobCallback):
            callback.attach(record, folder)
    trainer: pl.Trainer = instantiate(cfg.trainer, callbacks=made, logger=make_loggers(cfg))
    return trainer


def make_callbacks(callbacks: DictConfig) -> list[JobCallback]:
    """The callbacks that know a record, without a trainer."""
    made = [instantiate(config) for config in callbacks.values() if _is_wanted(config)]
    return [callback for callback in made if isinstance(callback, JobCallback)]


def make_loggers(cfg: DictConfig) -> list[Logger]:
    """The loggers of a config."""
    return [instantiate(logger) for logger in (cfg.logger or {}).values()]


def _is_wanted(callback: DictConfig | None) -> bool:
    """`callbacks.preview=null` leaves one out; early stopping needs a patience.

    Without a `_target_` there are but settings, of a search say, for a callback that the problem lacks.
    """
    return callback is not None and "_target_" in callback and callback.get("patience", 0) is not None
