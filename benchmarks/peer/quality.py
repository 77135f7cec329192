"""The peer's own network, loss, optimizer and schedule on a pair; ../quality.py runs it in the peer's Python.

    PEER_PYTHON benchmarks/peer/quality.py INPUT TARGET MODEL EPOCHS   (neural-amp-modeler 0.13.0 installed)

Trains on 0–60 s, validates on 60–75 s in one piece after every epoch; the weights of the best epoch are
tested on 75–90 s. On a CUDA device where PyTorch finds one. Prints one JSON line.
"""

import json
import logging
import sys
import time
import warnings
from typing import Any

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import pytorch_lightning as pl  # noqa: E402
import soundfile  # noqa: E402
import torch  # noqa: E402
from nam.data import Dataset  # noqa: E402
from nam.train.lightning_module import LightningModule  # noqa: E402
from networks import recipe, wavenet  # noqa: E402
from torch.utils.data import DataLoader  # noqa: E402

TRAIN_END_S, VAL_END_S, TEST_END_S = 60, 75, 90


class Validate(pl.Callback):
    """ESR of the validation section after each epoch, and the weights of the best."""

    def __init__(self, x: torch.Tensor, y: torch.Tensor) -> None:
        self.x, self.y = x, y
        self.esr: list[float] = []
        self.best: dict[str, Any] = {}

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """Keep the weights if they are the best so far."""
        self.esr.append(esr(module, self.x, self.y))
        if self.esr[-1] == min(self.esr):
            self.best = {name: value.clone() for name, value in module.state_dict().items()}


def esr(module: pl.LightningModule, x: torch.Tensor, y: torch.Tensor) -> float:
    """Without padding: the section brings its own past."""
    module.eval()
    with torch.no_grad():
        output = module.net(x[None].to(module.device), pad_start=False)[0].cpu()
    module.train()
    return float((output - y).square().sum() / y.square().sum())


def main() -> None:
    """Train and report."""
    source, target, model, epochs = sys.argv[1:5]
    (x, rate), (y, _) = (soundfile.read(path, dtype="float32") for path in (source, target))
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    pl.seed_everything(0)
    module = LightningModule.init_from_config({"net": wavenet(model), **recipe(model)})
    past = module.net.receptive_field - 1
    ends = TRAIN_END_S * rate, VAL_END_S * rate, TEST_END_S * rate
    data = Dataset(
        x[: ends[0]],
        y[: ends[0]],
        nx=past + 1,
        ny=8192,
        sample_rate=float(rate),
        require_input_pre_silence=None,
    )
    validate = Validate(x[ends[0] - past : ends[1]], y[ends[0] : ends[1]])
    trainer = pl.Trainer(
        max_epochs=int(epochs), callbacks=[validate], logger=False, accelerator="auto", devices=1,
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    start = time.time()
    trainer.fit(module, DataLoader(data, batch_size=16, shuffle=True, drop_last=True))
    seconds = time.time() - start
    module.load_state_dict(validate.best)
    test = esr(module, x[ends[1] - past : ends[2]], y[ends[1] : ends[2]])
    print(json.dumps({"score": min(validate.esr), "test_esr": test, "esr": validate.esr, "seconds": seconds}))


if __name__ == "__main__":
    main()
