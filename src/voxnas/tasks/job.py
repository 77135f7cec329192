"""What the tasks share: seeds and threads, callbacks and loggers, and a record of however it ended."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import lightning.pytorch as pl
import torch
from hydra.utils import instantiate
from lightning.pytorch.loggers import Logger
from omegaconf import DictConfig

from voxnas.callbacks.base import JobCallback
from voxnas.callbacks.keep_claim import KeepClaim
from voxnas.records.claim import Claim, ClaimLost
from voxnas.records.record import Record
from voxnas.records.search_record import SearchRecord
from voxnas.utils.app import root_cause
from voxnas.utils.clock import now
from voxnas.utils.errors import storage_error
from voxnas.utils.files import write_text


def begin(cfg: DictConfig) -> None:
    """Seed what is random, and take the threads that the job has."""
    pl.seed_everything(cfg.seed, workers=True, verbose=False)
    if cfg.threads:
        torch.set_num_threads(cfg.threads)


def make_trainer(
    cfg: DictConfig, callbacks: DictConfig, record: Record | SearchRecord, folder: Path, claim: Claim
) -> pl.Trainer:
    """The trainer with its loggers and callbacks, which know the record and the folder."""
    made = [KeepClaim(claim), *(instantiate(config) for config in callbacks.values() if _is_wanted(config))]
    for callback in made:
        if isinstance(callback, JobCallback):
            callback.attach(record, folder)
    trainer: pl.Trainer = instantiate(cfg.trainer, callbacks=made, logger=make_loggers(cfg))
    return trainer


def make_loggers(cfg: DictConfig) -> list[Logger]:
    """The loggers of a config."""
    return [instantiate(logger) for logger in (cfg.logger or {}).values()]


def _is_wanted(callback: DictConfig | None) -> bool:
    """`callbacks.preview=null` leaves one out; early stopping needs a patience."""
    return callback is not None and callback.get("patience", 0) is not None


@contextmanager
def ending(record: Record | SearchRecord, folder: Path, claim: Claim) -> Iterator[None]:
    """However the work within ends, the record says so: ok, interrupted or failed.

    A failure goes no further. Raises KeyboardInterrupt; ClaimLost if another process took the folder over;
    StorageError where nothing can be written: the record says "running" then, and the same command goes on.
    """
    try:
        yield
        claim.check()
        record.status, record.finished = "ok", now()
        record.write(folder)
    except KeyboardInterrupt:
        with suppress(ClaimLost):
            claim.check()
            record.status, record.reason = "interrupted", "stopped by the user"
            record.write(folder)
        raise
    except ClaimLost:
        raise
    except Exception as error:
        claim.check()
        if full := storage_error(error, folder):
            raise full from error
        fail(record, error, folder)


def fail(record: Record | SearchRecord, error: Exception, folder: Path) -> None:
    """Record a failure with its one line, and the traceback beside it."""
    record.status, record.reason = "failed", root_cause(error)
    write_text(folder / "error.log", "".join(traceback.format_exception(error)))
    record.write(folder)
