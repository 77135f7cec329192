"""Callback that measures of a finished network how well it tells each knob, and what it looks at."""

from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch

from voxnas.problems.spectral.data import as_batch
from voxnas.problems.spectral.knob_figures import all_within_step, confusion, knob_figures
from voxnas.problems.spectral.losses import estimates
from voxnas.problems.spectral.module import KnobModule
from voxnas.problems.spectral.vimh.dataset import spread
from voxnas.training.callback import JobCallback
from voxnas.utils.files import replacing

DETAIL = "knobs"
FILE = "knobs.npz"


class KnobMeasures(JobCallback):
    """Figures of each knob into the record; confusion, saliency and a mean image into `knobs.npz` beside it.

    Args:
        images: of the test set that saliency is the mean over.
    """

    def __init__(self, images: int = 64) -> None:
        self.images = images

    def is_measured(self, record: Any) -> bool:
        return DETAIL in record.details

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, KnobModule)
        data, knobs = pl_module.data, pl_module.data.knobs
        mean, deviation, target = pl_module.answers()
        labels = data.opened.train[spread(data.border, 10_000)]["labels"][:, :, 1]
        guess = np.median(labels / 255, axis=0)
        figures = knob_figures(knobs, mean, deviation, target, guess)
        told = [one["mae"] for one in figures if one["told"]]
        self.record.details[DETAIL] = figures
        self.record.metrics["test_told"] = len(told)
        if told:
            self.record.metrics["test_told_mae"] = float(np.mean(told))
            self.record.metrics["test_within_step"] = all_within_step(figures, mean, target)
        joined, settings = pl_module.answers_together()
        if len(settings) <= len(target) / 2:  # as when several images are cut from a take
            errors = np.abs(joined - settings).mean(axis=0)
            self.record.metrics["test_together_mae"] = float(errors.mean())
            for one, error in zip(figures, errors, strict=True):
                one["together_mae"] = float(error)
        saliency, image = looked_at(pl_module, self.images)
        arrays = {f"confusion_{k.name}": confusion(k, mean[:, i], target[:, i]) for i, k in enumerate(knobs)}
        arrays |= {f"saliency_{k.name}": saliency[i] for i, k in enumerate(knobs)} | {"image": image}
        with replacing(self.folder / FILE) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)


def looked_at(module: KnobModule, images: int) -> tuple[np.ndarray, np.ndarray]:
    """Saliency `(knobs, channels, height, width)` and the mean image `(channels, height, width)`.

    Saliency is the mean size of an estimate's gradient by each pixel, over the largest of the knob (Simonyan
    et al., "Deep inside convolutional networks", 2014).
    """
    records, maps = module.data.opened.test, []
    device = next(module.parameters()).device
    module.network.eval()
    with torch.inference_mode(False), torch.enable_grad():
        (pixels, scales), _ = as_batch(records[spread(len(records), images)])
        pixels = pixels.to(device).requires_grad_()
        mean, _ = estimates(module((pixels, scales.to(device))), module.data.knobs, module.loss.heads)
        for i in range(mean.shape[1]):
            (slope,) = torch.autograd.grad(mean[:, i].sum(), pixels, retain_graph=True)
            size = slope.abs().mean(dim=0)
            maps.append((size / size.max().clamp(min=1e-12)).cpu().numpy().astype(np.float32))
    return np.stack(maps), pixels.detach().mean(dim=0).cpu().numpy().astype(np.float32)
