"""One finished run of `train.py` in memory, for callbacks to be asked about."""

from pathlib import Path
from types import SimpleNamespace

import torch
from lightning.pytorch.loggers import TensorBoardLogger

from voxnas.models.wavenet import stack
from voxnas.problems.amp.data.datamodule import PairDataModule
from voxnas.problems.amp.losses import WeightedLoss
from voxnas.problems.amp.module import AmpModule
from voxnas.records.record import Record
from voxnas.training.schedules import Cosine


class Run:
    """An untrained module with its data, record and folder, and a trainer that has come to its end."""

    def __init__(self, recording, folder: Path) -> None:
        torch.manual_seed(0)
        network = stack(num_layers=3, channels=4, head_scale=0.5)
        self.module = AmpModule(network, WeightedLoss(esr=1.0), torch.optim.Adam, Cosine(), sample_rate=8000)
        self.data = PairDataModule(lambda: recording, 8000, 512, 8)
        self.data.receptive_field = network.receptive_field
        self.record = Record("amp", "s", "phase1", "running", "x", seed=3, epochs=7, score=0.25)
        self.folder = folder
        self.logger = TensorBoardLogger(folder, name="tensorboard", version="", default_hp_metric=False)
        self.trainer = SimpleNamespace(datamodule=self.data, loggers=[self.logger], global_step=5)

    def end_with(self, callback) -> Record:
        """Let a callback do what it does after the test."""
        callback.attach(self.record, self.folder)
        callback.on_test_end(self.trainer, self.module)
        return self.record
