"""The training section of a recording in two parts: one trains the weights, the other the choices."""

from collections.abc import Iterator

import lightning.pytorch as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Sampler

from voxnas.problems.amp.data.datamodule import Loader, PairDataModule
from voxnas.problems.amp.data.sections import Span
from voxnas.problems.amp.data.segments import Segments, ShuffledStarts
from voxnas.utils.errors import InputError

Batch = tuple[Tensor, Tensor]


class BilevelData(pl.LightningDataModule):
    """Feeds a search: batches of both parts to train on, the validation section to choose the epoch on.

    The parts are contiguous, so that no output is in both; the choices' first segments see the last input of
    the weights' part as their past, which tells nothing of how the amp answers it.

    Args:
        data: the recording; `adapt` has been called on it.
        choice_share: of the training section, its end, that trains the choices.
        choice_batch_size: segments per step of theirs; None for as many as of the weights'.
    """

    def __init__(
        self, data: PairDataModule, choice_share: float = 0.5, choice_batch_size: int | None = None
    ) -> None:
        super().__init__()
        if not 0 < choice_share < 1:
            raise InputError(f"nas_choice_share={choice_share}: give a share between 0 and 1")
        self.data, self.choice_share = data, choice_share
        self.choice_batch_size = choice_batch_size or data.batch_size

    def parts(self) -> tuple[Span, Span]:
        """Stretches that the weights are trained on, and the choices; InputError where one is too short."""
        start, stop = self.data.recording.sections.train
        border = stop - round(self.choice_share * (stop - start))
        for part, samples in (("weights", border - start), ("choices", stop - border)):
            if samples < self.data.segment_length:
                raise InputError(
                    f"{samples} samples to train the {part} on are less than one segment "
                    f"({self.data.segment_length}): record more, or change nas_choice_share"
                )
        return (start, border), (border, stop)

    def train_dataloader(self) -> "DataLoader[tuple[Batch, Batch]]":
        """Pairs of a batch for the weights and one for the choices."""
        of_weights, of_choices = self.parts()
        length, seed = self.data.segment_length, self.data.seed
        starts = PairedStarts(
            ShuffledStarts(*of_weights, length, self.data.batch_size, seed),
            ShuffledStarts(*of_choices, length, self.choice_batch_size, seed + 1),
        )
        return DataLoader(_Pairs(self.data.segments()), sampler=starts, batch_size=None)

    def val_dataloader(self) -> Loader:
        """As of the recording's data module."""
        return self.data.val_dataloader()


class PairedStarts(Sampler[tuple[list[int], list[int]]]):
    """An epoch of one sampler's batches, each with one of a second's, which begins anew if need be."""

    def __init__(self, first: ShuffledStarts, second: ShuffledStarts) -> None:
        self.first, self.second, self.epoch = first, second, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order and offsets the next iteration gives."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.first)

    def __iter__(self) -> Iterator[tuple[list[int], list[int]]]:
        self.first.set_epoch(self.epoch)
        others = self._endless()
        for batch in self.first:
            yield batch, next(others)

    def _endless(self) -> Iterator[list[int]]:
        rounds = -(-len(self.first) // len(self.second))
        for turn in range(rounds):
            self.second.set_epoch(self.epoch * rounds + turn)
            yield from self.second


class _Pairs(torch.utils.data.Dataset[tuple[Batch, Batch]]):
    def __init__(self, segments: Segments) -> None:
        self.segments = segments

    def __getitem__(self, starts: tuple[list[int], list[int]]) -> tuple[Batch, Batch]:
        return self.segments[starts[0]], self.segments[starts[1]]
