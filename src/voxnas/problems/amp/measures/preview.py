"""Callback that writes a few seconds to listen to: the dry guitar, the amp and the model."""

import lightning.pytorch as pl
import torch
from lightning.pytorch.loggers import TensorBoardLogger
from torch import Tensor

from voxnas.audio.files import write_audio
from voxnas.problems.amp.data.datamodule import PairDataModule
from voxnas.problems.amp.module import AmpModule
from voxnas.training.callback import JobCallback


class Preview(JobCallback):
    """Writes `preview/{dry,target,model}.wav`: the loudest stretch of the test section.

    Args:
        seconds: how long it is at most.
    """

    def __init__(self, seconds: float = 6.0) -> None:
        self.seconds = seconds

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, AmpModule)
        module = pl_module
        data: PairDataModule = trainer.datamodule  # type: ignore[attr-defined]
        start, stop = data.recording.sections.test
        segments = data.segments()
        segments.length = min(stop - start, round(self.seconds * data.sample_rate))
        begin = _loudest(segments.target[start:stop], segments.length) + start
        x, y = segments[[begin]]
        with torch.inference_mode():
            output = module(x.to(module.device)).cpu()
        dry = segments.source[begin : begin + segments.length]
        for name, sound in (("dry", dry), ("target", y), ("model", output)):
            samples = sound.flatten()
            path = self.folder / "preview" / f"{name}.wav"
            path.parent.mkdir(exist_ok=True)
            write_audio(path, samples.numpy(), data.sample_rate)
            self.record.previews[name] = str(path.relative_to(self.folder))
            self._log(trainer, name, samples, data.sample_rate)

    def _log(self, trainer: pl.Trainer, name: str, samples: Tensor, sample_rate: int) -> None:
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                logger.experiment.add_audio(
                    # at one step for all runs, so that TensorBoard shows them side by side
                    f"preview/{name}",
                    samples.clamp(-1, 1),
                    0,
                    sample_rate=sample_rate,
                )


def _loudest(samples: Tensor, length: int) -> int:
    """Start of the stretch of the given length with the most energy."""
    energy = torch.nn.functional.pad(samples.double().square().cumsum(0), (1, 0))
    if length >= len(samples):
        return 0
    return int((energy[length:] - energy[:-length]).argmax())
