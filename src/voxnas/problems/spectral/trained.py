"""A trained network with the knobs and the kind of image that it knows, from a run's folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from voxnas.models.build import build
from voxnas.problems.spectral.losses import estimates
from voxnas.problems.spectral.networks.base import ImageNetwork
from voxnas.problems.spectral.pictures.picture import Picture, picture_of_set
from voxnas.problems.spectral.together import estimates_together
from voxnas.problems.spectral.vimh.knobs import Knob
from voxnas.problems.spectral.vimh.metadata import Metadata, parse_metadata
from voxnas.training.run import best_checkpoint, load_checkpoint
from voxnas.utils.errors import InputError

PREFIX = "network."
MANY = 256  # images that go through the network at once


@dataclass(frozen=True, eq=False)
class TrainedReader:
    """A network that tells knobs.

    Args:
        run: its folder.
        network: with its weights.
        metadata: of the set that it was trained on.
        folder: of that set, then.
        common: error that all images of a setting share, as shares of the ranges `(knobs,)`; None: unknown.
    """

    run: Path
    network: ImageNetwork
    metadata: Metadata
    folder: str
    common: torch.Tensor | None = None

    @property
    def knobs(self) -> tuple[Knob, ...]:
        """Knobs that it tells."""
        return self.metadata.knobs

    @property
    def picture(self) -> Picture:
        """The kind of image that it knows. InputError where its set did not tell."""
        return picture_of_set(self.metadata.values)

    def tell(self, images: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values of the knobs and their deviations `(n, knobs)`, of images of bytes and their scales."""
        return self._in_units(*estimates(self._outputs(images, low, high), self.knobs, self.network.heads))

    def tell_together(
        self, images: np.ndarray, low: np.ndarray, high: np.ndarray, apart: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """The same `(knobs,)` of images that are all of one setting; `apart` see `together`.

        Of a network that tells no deviation it is that from image to image.
        """
        one, each = torch.zeros(len(images), dtype=torch.long), self._outputs(images, low, high)
        heads = self.network.heads
        told = estimates_together(each, one, self.knobs, heads, self.common, apart)
        values, deviations = self._in_units(*told)
        between = self._in_units(*estimates(each, self.knobs, heads))[0].std(axis=0)
        return values[0], np.where(np.isfinite(deviations[0]), deviations[0], between)

    def _outputs(self, images: np.ndarray, low: np.ndarray, high: np.ndarray) -> torch.Tensor:
        found = []
        with torch.inference_mode():
            for start in range(0, len(images), MANY):
                part = slice(start, start + MANY)
                scales = torch.from_numpy(np.stack([low[part], high[part]], axis=1)).float()
                found.append(self.network(torch.from_numpy(np.array(images[part])).float() / 255, scales))
        return torch.cat(found)

    def _in_units(self, mean: torch.Tensor, deviation: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
        spans = np.array([knob.span for knob in self.knobs])
        lows = np.array([knob.low for knob in self.knobs])
        return lows + spans * mean.numpy(), spans * deviation.numpy()


def load_reader(run: str | Path) -> TrainedReader:
    """The network of a run's folder. InputError where there is none, or it is of another problem."""
    folder = Path(run).expanduser()
    path = best_checkpoint(folder)
    if not path.is_file():
        raise InputError(f"{folder}: no trained network ({path} is missing); name a run's folder")
    known = load_checkpoint(path)
    about: Mapping[str, Any] = known.get("voxnas", {})
    if "vimh" not in about:
        raise InputError(f"{folder}: its network tells no knobs from images; train one, problem=spectral")
    network = build(about["architecture"])
    state = {k.removeprefix(PREFIX): v for k, v in known["state_dict"].items() if k.startswith(PREFIX)}
    network.load_state_dict(state)
    metadata, common = parse_metadata(about["vimh"], path), about.get("common_error")
    shared = torch.tensor(common) if common else None
    return TrainedReader(folder, network.eval(), metadata, str(about["folder"]), shared)


def latest_run(log_dir: str | Path) -> Path:
    """Folder of the run that was trained last and tells knobs. InputError where there is none."""
    found = sorted(Path(log_dir).rglob("checkpoints/best.ckpt"), key=lambda path: -path.stat().st_mtime)
    for path in found:
        if (path.parents[1] / "knobs.npz").is_file():
            return path.parents[1]
    raise InputError(f"{log_dir}: no trained network of images; make ex trains one")
