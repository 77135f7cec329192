"""Callback that measures how right the finished network is where the guitar is played softly."""

from collections.abc import Iterator
from dataclasses import asdict

import lightning.pytorch as pl
import numpy as np
import torch

from voxnas.problems.amp.data.datamodule import PairDataModule
from voxnas.problems.amp.data.segments import Pieces
from voxnas.problems.amp.levels import by_level, energies, noise_energy
from voxnas.problems.amp.module import AmpModule
from voxnas.training.callback import JobCallback


class SoftPlaying(JobCallback):
    """Records `soft_esr_20`, `_40` and `_60`: ESR where the input is so many dB below its loudest.

    Over the windows of the validation and the test section together, since soft playing is rare; a figure is
    left out where there is too little of it, or where it drowns in hum and hiss. See `by_level`.
    """

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, AmpModule)
        data: PairDataModule = trainer.datamodule  # type: ignore[attr-defined]
        pair, rate = data.recording.pair, data.sample_rate
        noise = noise_energy(energies(pair.input, rate), energies(pair.target, rate))
        parts = [[energies(samples, rate) for samples in part] for part in _held_out(pl_module, data)]
        source, target, error = (np.concatenate(lots) for lots in zip(*parts, strict=True))
        levels = by_level(source, target, error, noise)
        self.record.details["soft_playing"] = [asdict(level) for level in levels]
        soft = {f"soft_esr_{level.below_db}": level.esr for level in levels if level.below_db}
        self.record.metrics |= {name: esr for name, esr in soft.items() if esr is not None}


def _held_out(module: AmpModule, data: PairDataModule) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Input, target and error of each section that trains nothing."""
    pair, sections = data.recording.pair, data.recording.sections
    for start, stop in dict.fromkeys((sections.val, sections.test)):
        pieces = Pieces(data.segments(), start, stop, data.piece_length)
        errors = []
        with torch.inference_mode():
            for index in range(len(pieces)):
                x, y = pieces[index]
                errors.append((module(x.to(module.device)).cpu() - y).flatten())
        yield pair.input[start:stop], pair.target[start:stop], torch.cat(errors).numpy()
