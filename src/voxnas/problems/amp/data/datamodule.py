"""LightningDataModule that feeds segments of a recording."""

import os
from collections.abc import Callable
from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from voxnas.models.base import StreamingNetwork
from voxnas.problems.amp.data.amp_pair import Recording
from voxnas.problems.amp.data.peaks import Peaks, section_peaks
from voxnas.problems.amp.data.sections import require_length
from voxnas.problems.amp.data.segments import Pieces, Segments, ShuffledStarts
from voxnas.problems.data import DataModule

Loader = DataLoader[tuple[Tensor, Tensor]]


class PairDataModule(DataModule):
    """Feeds one recording: shuffled segments to train on, whole sections to validate and test on.

    Args:
        load: reads and checks the recording; called once, and only when samples are wanted.
        sample_rate: in Hz, known without loading.
        segment_length: output samples per segment; None for what suits the network.
        batch_size: segments per step; None for what suits the network.
        seed: of the order and the offsets.
        piece_length: output samples that validation runs through the network in one go.

    Call `adapt`, or set `receptive_field`, before the loaders are asked for.
    """

    def __init__(
        self,
        load: Callable[[], Recording],
        sample_rate: int,
        segment_length: int | None = None,
        batch_size: int | None = None,
        seed: int = 0,
        piece_length: int = 65536,
    ) -> None:
        super().__init__()
        self._load = load
        self._recording: Recording | None = None
        self.sample_rate = sample_rate
        self._given = segment_length, batch_size
        self.segment_length, self.batch_size = segment_length or 8192, batch_size or 8
        self.seed = seed
        self.piece_length = piece_length
        self.receptive_field, self.delay_samples = 1, 0

    def adapt(self, network: StreamingNetwork) -> None:
        """Take from a network how much input it wants before a segment, the length and number of segments
        that were not given, and by how much it is late, which moves its input."""
        self.receptive_field, self.delay_samples = network.receptive_field, network.delay_samples
        length, size = self._given
        self.segment_length, self.batch_size = length or network.segment_length, size or network.batch_size

    def facts(self) -> dict[str, Any]:
        """The sample rate in Hz."""
        return {"sample_rate": self.sample_rate}

    def describe(self) -> dict[str, Any]:
        """Files and sections, for the record; reads the recording."""
        pair, sections = self.recording.pair, self.recording.sections
        return {
            "fingerprint": pair.fingerprint,
            "input": os.fspath(pair.input_path),
            "target": os.fspath(pair.target_path),
            "delay_samples": pair.delay_samples,
            "sections": {name: list(getattr(sections, name)) for name in ("train", "val", "test")},
        }

    def figures(self) -> dict[str, float]:
        """The ESR below which no model gets on the validation section, where noise can be measured."""
        floor = self.recording.noise_floor
        return {} if floor is None else {"noise_floor_esr": floor}

    def peaks(self) -> Peaks:
        """The loudest of the training section, and of the amp's answer to it; reads the recording."""
        return section_peaks([self.recording])

    def bilevel(self, choice_share: float, choice_batch_size: int | None) -> pl.LightningDataModule:
        """Data of a differentiable search; see `BilevelData`. Reads the recording."""
        from voxnas.problems.amp.data.bilevel import BilevelData

        data = BilevelData(self, choice_share, choice_batch_size)
        data.parts()
        return data

    @property
    def recording(self) -> Recording:
        """The recording, read on first use. Raises InputError if the pair cannot be trained on."""
        if self._recording is None:
            self._recording = self._load()
            require_length(self._recording.sections, self.segment_length)
        return self._recording

    def segments(self) -> Segments:
        """Everything that can be cut out of the recording."""
        pair = self.recording.pair
        source, target = torch.from_numpy(pair.input), torch.from_numpy(pair.target)
        return Segments(source, target, self.segment_length, self.receptive_field - 1, self.delay_samples)

    def train_dataloader(self) -> Loader:
        start, stop = self.recording.sections.train
        starts = ShuffledStarts(start, stop, self.segment_length, self.batch_size, self.seed)
        return DataLoader(self.segments(), sampler=starts, batch_size=None)

    def val_dataloader(self) -> Loader:
        return self._section(*self.recording.sections.val)

    def test_dataloader(self) -> Loader:
        return self._section(*self.recording.sections.test)

    def _section(self, start: int, stop: int) -> Loader:
        return DataLoader(Pieces(self.segments(), start, stop, self.piece_length), batch_size=None)
