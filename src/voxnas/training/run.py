"""Run of a trainer from the first epoch, or from where it was cut, to the tested network."""

import logging
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch

from voxnas.export.foreign import why_unreadable
from voxnas.utils.errors import InputError

CHECKPOINTS = "checkpoints"

log = logging.getLogger(__name__)


def best_checkpoint(folder: Path) -> Path:
    """Path of a run's best weights."""
    return folder / CHECKPOINTS / "best.ckpt"


def last_checkpoint(folder: Path) -> Path | None:
    """Checkpoint that an interrupted run goes on from, or None; a half-written file does not count."""
    path = folder / CHECKPOINTS / "last.ckpt"
    if not path.exists():
        return None
    try:
        load_checkpoint(path)
    except InputError as error:
        log.warning("%s; starting afresh", error)
        return None
    return path


def load_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint as plain values and tensors; InputError if it is not one."""
    try:
        checkpoint: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        return checkpoint
    except Exception as error:  # torch.load raises many kinds
        raise InputError(f"{path}: cannot be read as a checkpoint ({why_unreadable(path, error)})") from error


def fit(
    trainer: pl.Trainer, module: pl.LightningModule, datamodule: pl.LightningDataModule, resume: Path | None
) -> None:
    """Train, from a checkpoint if one is given. Raises KeyboardInterrupt if the user stopped it."""
    try:
        trainer.fit(module, datamodule, ckpt_path=resume, weights_only=True)
    except SystemExit as stop:  # Lightning turns the signals it catches into an exit of its own
        raise KeyboardInterrupt from stop


def test(
    trainer: pl.Trainer, module: pl.LightningModule, datamodule: pl.LightningDataModule, folder: Path
) -> None:
    """Test the best weights of a run; what callbacks measure of a finished network they measure then."""
    best = best_checkpoint(folder)
    if best.exists():
        module.load_state_dict(load_checkpoint(best)["state_dict"])
    trainer.test(module, datamodule, verbose=False)
