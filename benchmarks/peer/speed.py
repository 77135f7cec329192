"""Training steps per second of the peer's own module, data loader and optimizer; run by ../train_speed.py.

    PEER_PYTHON benchmarks/peer/speed.py MODEL SECONDS   (neural-amp-modeler 0.13.0 installed)

Batches of 16 × 8,192 samples of noise, mean squared error. Prints one JSON line.
"""

import json
import logging
import sys
import time
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import pytorch_lightning as pl  # noqa: E402
import torch  # noqa: E402
from nam.data import Dataset  # noqa: E402
from nam.train.lightning_module import LightningModule  # noqa: E402
from networks import wavenet  # noqa: E402
from torch.utils.data import DataLoader  # noqa: E402


class Stopwatch(pl.Callback):
    """Times steps after two to warm up, and ends the fit after so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.steps, self.start, self.stop = seconds, -2, 0.0, 0.0

    def on_train_batch_end(self, trainer: pl.Trainer, *_: object) -> None:
        """Count."""
        self.steps += 1
        self.stop = time.perf_counter()
        if self.steps == 0:
            self.start = self.stop
        trainer.should_stop = self.steps > 0 and self.stop - self.start > self.seconds


def main() -> None:
    """Fit on noise and report."""
    model, seconds = sys.argv[1], float(sys.argv[2])
    torch.manual_seed(0)
    config = {"net": wavenet(model), "loss": {"val_loss": "esr"}, "optimizer": {"lr": 0.004}}
    module = LightningModule.init_from_config(
        config | {"lr_scheduler": {"class": "ExponentialLR", "kwargs": {"gamma": 0.993}}}
    )
    x = 0.3 * torch.randn(48_000 * 170)
    nx = module.net.receptive_field
    data = Dataset(x, torch.tanh(4 * x), nx=nx, ny=8192, sample_rate=48_000.0, require_input_pre_silence=None)
    watch = Stopwatch(seconds)
    trainer = pl.Trainer(
        max_epochs=1000, callbacks=[watch], logger=False, accelerator="cpu", enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(module, DataLoader(data, batch_size=16, shuffle=True, drop_last=True))
    print(json.dumps({"steps_per_s": watch.steps / (watch.stop - watch.start)}))


if __name__ == "__main__":
    main()
