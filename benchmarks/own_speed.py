"""Training steps per second of this project's own module and data module; run by train_speed.py.

    python benchmarks/own_speed.py MODEL BACKEND SECONDS     MODEL: a preset, or LAYERSxCHANNELS

Batches of 16 × 8,192 samples of noise, mean squared error. Prints one JSON line.
"""

import json
import sys
import time
from functools import partial
from pathlib import Path

import lightning.pytorch as pl
import numpy as np
import torch
from omegaconf import OmegaConf

from voxnas.audio.pair import Pair
from voxnas.models.base import Network
from voxnas.models.wavenet import WaveNet, stack
from voxnas.problems.amp.data.amp_pair import Recording
from voxnas.problems.amp.data.datamodule import PairDataModule
from voxnas.problems.amp.data.sections import Sections
from voxnas.problems.amp.losses import WeightedLoss
from voxnas.problems.amp.module import AmpModule
from voxnas.training.schedules import Cosine
from voxnas.utils.app import quiet_libraries

CONFIGS = Path(__file__).resolve().parents[1] / "configs/model"
RATE = 48_000


class Stopwatch(pl.Callback):
    """Times steps after two to warm up, and ends the fit after so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.steps, self.start, self.stop = seconds, -2, 0.0, 0.0

    def on_train_batch_end(self, trainer: pl.Trainer, *_: object) -> None:
        """Count."""
        self.steps += 1
        self.stop = now()
        if self.steps == 0:
            self.start = self.stop
        trainer.should_stop = self.steps > 0 and self.stop - self.start > self.seconds


def now() -> float:
    """Seconds: CPU time where one thread computes, which others on the machine lengthen least."""
    return time.process_time() if torch.get_num_threads() == 1 else time.perf_counter()


def network(model: str, backend: str) -> Network:
    """A preset of configs/model, or a stack such as 8x16."""
    if "x" in model:
        layers, channels = map(int, model.split("x"))
        return stack(layers, channels, backend=backend)
    config = OmegaConf.to_container(OmegaConf.load(CONFIGS / f"{model}.yaml"))
    assert isinstance(config, dict)
    return WaveNet(config["layer_arrays"], backend=backend)


def noise(seconds: int = 170) -> Recording:
    """Noise through a static nonlinearity."""
    x = (0.3 * np.random.default_rng(0).standard_normal(seconds * RATE)).astype(np.float32)
    pair = Pair(x, np.tanh(4 * x), RATE, 0, (), "noise", "", "")
    return Recording(pair, Sections((0, len(x)), (0, 2 * RATE), (0, 2 * RATE)))


def main() -> None:
    """Fit on noise and report."""
    model, backend, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    quiet_libraries()
    torch.manual_seed(0)
    net = network(model, backend)
    data = PairDataModule(noise, RATE, segment_length=8192, batch_size=16)
    data.receptive_field = net.receptive_field
    optimizer = partial(torch.optim.Adam, lr=0.004, fused=True)  # as the peer; fused as in configs/training
    module = AmpModule(net, WeightedLoss(mse=1.0), optimizer, Cosine(), RATE)
    watch = Stopwatch(seconds)
    trainer = pl.Trainer(
        max_epochs=1000, callbacks=[watch], logger=False, accelerator="cpu", enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, limit_val_batches=0,
    )  # fmt: skip
    trainer.fit(module, datamodule=data)
    print(json.dumps({"steps_per_s": watch.steps / (watch.stop - watch.start)}))


if __name__ == "__main__":
    main()
