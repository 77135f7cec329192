"""Speed of training, measured on a candidate as a run would train it."""

import statistics
import time
from typing import Any

import lightning.pytorch as pl
import torch
from hydra.utils import instantiate
from omegaconf import DictConfig

from voxnas.problems.base import Problem
from voxnas.problems.data import DataModule
from voxnas.utils.app import quiet_libraries

EPOCHS = 4  # the first one warms up


class Stopwatch(pl.Callback):
    """Notes when each epoch begins, its validation included."""

    def __init__(self) -> None:
        self.at: list[float] = []

    def on_train_epoch_start(self, *_: Any) -> None:
        self.at.append(time.monotonic())

    def on_train_end(self, *_: Any) -> None:
        self.at.append(time.monotonic())


def epoch_seconds(config: DictConfig) -> float:
    """Seconds that an epoch of a candidate's config takes now, on as many threads as its run would have.

    Raises what its data raises, and what training it would.
    """
    quiet_libraries()
    problem: Problem = instantiate(config.problem)
    data: DataModule = instantiate(config.data)
    network = instantiate(config.model, _convert_="all")
    data.adapt(network)
    recipe = {part: instantiate(part_config) for part, part_config in config.training.items()}
    watch, threads = Stopwatch(), torch.get_num_threads()
    quiet = {"logger": False, "enable_checkpointing": False, "max_epochs": EPOCHS, "max_time": None}
    trainer = instantiate(config.trainer, callbacks=[watch], default_root_dir=None, plugins=None, **quiet)
    torch.set_num_threads(config.threads or threads)
    try:
        trainer.fit(problem.module(network, data, recipe), data)
    finally:
        torch.set_num_threads(threads)
    return statistics.median(end - start for start, end in zip(watch.at[1:], watch.at[2:], strict=False))
