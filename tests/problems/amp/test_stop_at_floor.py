"""Training ends when only the recording's own noise is left of the error."""

from functools import partial

import lightning.pytorch as pl
import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from tiny_amp import RATE, dry_signal

from voxnas.audio.pair import Pair
from voxnas.models.conv_net import Linear
from voxnas.problems.amp.data.amp_pair import Recording
from voxnas.problems.amp.data.datamodule import PairDataModule
from voxnas.problems.amp.data.sections import Sections
from voxnas.problems.amp.losses import WeightedLoss
from voxnas.problems.amp.module import AmpModule
from voxnas.problems.amp.stop_at_floor import StopAtFloor
from voxnas.training.schedules import Cosine

MOST_EPOCHS = 40


def epochs_trained(folder, hiss: float, callbacks: list[pl.Callback]) -> tuple[int, ModelCheckpoint]:
    """Epochs of a linear network on a gain of .5 and so much hiss, which is heard alone in pauses."""
    source = np.tile(dry_signal(), 4)
    seconds = np.arange(len(source)) / RATE
    source[seconds % 4 > 3] = 0.0
    noise = hiss * np.random.default_rng(0).standard_normal(len(source))
    pair = Pair(source, (0.5 * source + noise).astype(np.float32), RATE, 0, (), "noise", "", "")
    sections = Sections((0, 8 * RATE), (8 * RATE, 10 * RATE), (10 * RATE, 12 * RATE))
    module = AmpModule(
        Linear(4), WeightedLoss(root_esr=1.0), partial(torch.optim.Adam, lr=0.02), Cosine(5), sample_rate=RATE
    )
    data = PairDataModule(lambda: Recording(pair, sections), RATE, 512, 8)
    data.receptive_field = module.network.receptive_field
    best = ModelCheckpoint(dirpath=folder, filename="best", monitor="val/score")
    trainer = pl.Trainer(
        max_epochs=MOST_EPOCHS, accelerator="cpu", logger=False, enable_progress_bar=False,
        enable_model_summary=False, num_sanity_val_steps=0, callbacks=[*callbacks, best],
    )  # fmt: skip
    trainer.fit(module, data)
    return trainer.current_epoch, best


def test_a_run_ends_at_the_noise_of_its_recording_and_keeps_the_epoch(tmp_path, caplog):
    caplog.set_level("INFO")
    epochs, best = epochs_trained(tmp_path, 0.05, [StopAtFloor()])
    assert epochs < MOST_EPOCHS
    (line,) = [m for m in caplog.messages if "noise of the recording" in m]
    assert float(best.best_model_score) == pytest.approx(float(line.split()[1]), rel=0.01)


@pytest.mark.parametrize("hiss", [0.0, 0.05])
def test_without_it_or_without_noise_a_run_goes_to_the_end(tmp_path, hiss):
    callbacks = [] if hiss else [StopAtFloor()]
    assert epochs_trained(tmp_path, hiss, callbacks)[0] == MOST_EPOCHS
