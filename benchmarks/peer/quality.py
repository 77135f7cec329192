"""The peer's own network, loss, optimizer and schedule on a pair; ../quality.py runs it in the peer's Python.

    PEER_PYTHON benchmarks/peer/quality.py INPUT TARGET MODEL EPOCHS   (neural-amp-modeler 0.13.0 installed)

Trains on 0–60 s, validates on 60–70 s in one piece after every epoch; prints one JSON line.
"""

import json
import logging
import sys
import time
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import pytorch_lightning as pl  # noqa: E402
import soundfile  # noqa: E402
import torch  # noqa: E402
from nam.data import Dataset  # noqa: E402
from nam.train.lightning_module import LightningModule  # noqa: E402
from networks import wavenet  # noqa: E402
from torch.utils.data import DataLoader  # noqa: E402

RECIPE = {
    "loss": {"val_loss": "esr", "pre_emph_mrstft_weight": 2e-4, "pre_emph_mrstft_coef": 0.85},
    "optimizer": {"lr": 0.004},
    "lr_scheduler": {"class": "ExponentialLR", "kwargs": {"gamma": 0.993}},
}


class Validate(pl.Callback):
    """ESR of the validation section after each epoch."""

    def __init__(self, x: torch.Tensor, y: torch.Tensor) -> None:
        self.x, self.y = x, y
        self.esr: list[float] = []

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Without padding: the section brings its own past."""
        module.eval()
        with torch.no_grad():
            output = module.net(self.x[None], pad_start=False)[0]
        module.train()
        self.esr.append(float((output - self.y).square().sum() / self.y.square().sum()))


def main() -> None:
    """Train and report."""
    source, target, model, epochs = sys.argv[1:5]
    (x, rate), (y, _) = (soundfile.read(path, dtype="float32") for path in (source, target))
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    pl.seed_everything(0)
    module = LightningModule.init_from_config({"net": wavenet(model), **RECIPE})
    past, train_end, val_end = module.net.receptive_field - 1, 60 * rate, 70 * rate
    data = Dataset(
        x[:train_end],
        y[:train_end],
        nx=past + 1,
        ny=8192,
        sample_rate=float(rate),
        require_input_pre_silence=None,
    )
    validate = Validate(x[train_end - past : val_end], y[train_end:val_end])
    trainer = pl.Trainer(
        max_epochs=int(epochs), callbacks=[validate], logger=False, accelerator="cpu",
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    start = time.time()
    trainer.fit(module, DataLoader(data, batch_size=16, shuffle=True, drop_last=True))
    print(json.dumps({"best_esr": min(validate.esr), "esr": validate.esr, "seconds": time.time() - start}))


if __name__ == "__main__":
    main()
