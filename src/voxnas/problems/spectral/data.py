"""LightningDataModule of a VIMH set: images, scales and knobs, read as they are needed."""

import mmap
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from voxnas.problems.data import DataModule
from voxnas.problems.spectral.networks.base import ImageNetwork
from voxnas.problems.spectral.networks.reading import STEPS, Reading
from voxnas.problems.spectral.pictures.picture import picture_of_set
from voxnas.problems.spectral.vimh.dataset import VimhSet, open_set, spread
from voxnas.problems.spectral.vimh.knobs import LEVELS, Knob
from voxnas.utils.errors import InputError

Batch = tuple[tuple[Tensor, Tensor], Tensor]
MEASURED = 4096  # images whose scales tell what scales are usual
AROUND = 64 << 10  # bytes that the system maps around one that is asked for
HELD = 128 << 20  # bytes of mapped records that are read before their memory is given back


class Images(Dataset[Batch]):
    """Batches of records by their numbers."""

    def __init__(self, records: np.ndarray) -> None:
        self.records, self._read = records, 0

    def __getitem__(self, numbers: Any) -> Batch:
        chosen = self.records[np.sort(numbers)]
        self._read += len(chosen) * (AROUND + chosen.itemsize)
        if self._read > HELD and self.records.nbytes > HELD:
            self._read = 0
            give_back(self.records)
        return as_batch(chosen)


def as_batch(records: np.ndarray) -> Batch:
    """Images 0 to 1 and scales in dB, and the knobs as shares of their ranges."""
    images = torch.from_numpy(np.ascontiguousarray(records["image"])).float() / LEVELS
    scales = torch.from_numpy(np.stack([records["low"], records["high"]], axis=1))
    labels = torch.from_numpy(np.ascontiguousarray(records["labels"][:, :, 1])).float() / LEVELS
    return (images, scales), labels


def give_back(records: np.ndarray) -> None:
    """Let go of the memory of a mapped file's pages: it stays bounded however large the file is."""
    base: Any = records
    while isinstance(base, np.ndarray):
        base = base.base
    mapped = base.obj if isinstance(base, memoryview) else base
    if sys.platform != "win32" and isinstance(mapped, mmap.mmap):
        mapped.madvise(mmap.MADV_DONTNEED)


class Batches(Sampler[np.ndarray]):
    """Numbers of each batch; of those to train on in an order that is new at every epoch."""

    def __init__(self, number: int, size: int, seed: int | None = None) -> None:
        self.number, self.size, self.seed, self.epoch = number, size, seed, 0

    def __len__(self) -> int:
        return -(-self.number // self.size)

    def set_epoch(self, epoch: int) -> None:
        """Lightning's word for which epoch it is."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[np.ndarray]:
        order = np.arange(self.number)
        if self.seed is not None:
            order = np.random.default_rng([self.seed, self.epoch]).permutation(self.number)
        return iter(np.array_split(order, len(self)))  # no batch much smaller than the others


class VimhData(DataModule):
    """A VIMH set: the last of its training images validate, its test images test.

    Args:
        folder: of the set.
        batch_size: images of a step.
        val_share: of the training images.
        seed: of their order.
    """

    def __init__(self, folder: str, batch_size: int = 64, val_share: float = 0.125, seed: int = 0) -> None:
        super().__init__()
        if not 0 < val_share < 1 or batch_size < 1:
            raise InputError(
                f"data.val_share={val_share}, data.batch_size={batch_size}: give a share and a number"
            )
        self.folder, self.batch_size, self.val_share, self.seed = folder, batch_size, val_share, seed
        self._opened: VimhSet | None = None

    @property
    def opened(self) -> VimhSet:
        """The set, opened on first use. Raises InputError where it cannot be trained on."""
        if self._opened is None:
            self._opened = open_set(Path(self.folder))
            if len(self._opened.train) < 2 or len(self._opened.test) == 0:
                raise InputError(f"{self.folder}: too few images to train, validate and test on")
        return self._opened

    @property
    def knobs(self) -> tuple[Knob, ...]:
        """The set's knobs."""
        return self.opened.knobs

    @property
    def border(self) -> int:
        """Images that are trained on; those after them validate."""
        there = len(self.opened.train)
        return there - max(1, round(self.val_share * there))

    def adapt(self, network: ImageNetwork) -> None:
        """Give the network a head for each knob, and what images and scales to expect."""
        records = self.opened.train[: self.border]
        usual = records[spread(len(records), MEASURED)]
        height, width, channels = self.opened.metadata.size
        network.follow(
            Reading(
                *(channels, height, width),
                levels=self._levels(),
                low=round(float(usual["low"].mean()), 3),
                high=round(float(usual["high"].mean()), 3),
                spread=round(float((usual["low"].std() + usual["high"].std()) / 2), 3),
                heads=tuple(knob.classes if network.heads == STEPS else 1 for knob in self.knobs),
            )
        )

    def _levels(self) -> tuple[int, ...]:
        """Channels that are levels; all of them where the set does not tell."""
        try:
            return picture_of_set(self.opened.metadata.values).levels
        except InputError:
            return tuple(range(self.opened.metadata.size[2]))

    def facts(self) -> dict[str, Any]:
        """Rate in Hz, and seconds that an image shows where its JSON tells."""
        values = self.opened.metadata.values
        try:
            seconds = picture_of_set(values).seconds
        except InputError:
            seconds = float(values["duration"])
        return {"sample_rate": values["sample_rate"], "image_seconds": seconds}

    def describe(self) -> dict[str, Any]:
        there, test = len(self.opened.train), len(self.opened.test)
        return {
            "fingerprint": self.opened.fingerprint(),
            "folder": str(self.folder),
            "sections": {"train": [0, self.border], "val": [self.border, there], "test": [0, test]},
            "knobs": [[knob.name, knob.low, knob.high, knob.step] for knob in self.knobs],
        }

    def train_dataloader(self) -> DataLoader[Batch]:
        return self._loader(self.opened.train[: self.border], self.seed)

    def val_dataloader(self) -> DataLoader[Batch]:
        return self._loader(self.opened.train[self.border :])

    def test_dataloader(self) -> DataLoader[Batch]:
        return self._loader(self.opened.test)

    def _loader(self, records: np.ndarray, seed: int | None = None) -> DataLoader[Batch]:
        order = Batches(len(records), self.batch_size, seed)
        return DataLoader(Images(records), sampler=order, batch_size=None)
