"""Batches of segments whose settings differ from segment to segment, and whole sections of all settings."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from voxnas.problems.amp.data.segments import Pieces, Segments

Spans = Sequence[tuple[int, int]]


class KnobBatch(NamedTuple):
    """Segments, `(batch, 1, samples)` in `x` and `y`, at settings.

    `controls` are `(batch, k)`, `gain` `(batch, 1, 1)` what brings the setting to the loudness of the
    others, `place` `(batch,)` that of the setting in the table.
    """

    x: Tensor
    controls: Tensor
    gain: Tensor
    place: Tensor
    y: Tensor


class KnobSegments(Dataset[KnobBatch]):
    """Cuts batches out of several recordings; an index is a list of places and starts."""

    def __init__(self, segments: Sequence[Segments], controls: Tensor, gains: Tensor) -> None:
        self.segments, self.controls, self.gains = segments, controls, gains

    def __getitem__(self, index: list[tuple[int, int]]) -> KnobBatch:
        cut = [self.segments[place][[start]] for place, start in index]
        return self.batch([place for place, _ in index], *map(torch.cat, zip(*cut, strict=True)))

    def batch(self, places: Sequence[int], x: Tensor, y: Tensor) -> KnobBatch:
        """A batch of segments at the settings of these places."""
        at = torch.tensor(places)
        return KnobBatch(x, self.controls[at], self.gains[at].view(-1, 1, 1), at, y)


class KnobStarts(Sampler[list[tuple[int, int]]]):
    """Batches of places and starts, shuffled; the edges within each span move by a random offset every epoch.

    Each batch has about an even share of all places: settings differ far more than segments of one do, and
    what a step learns depends less on which it happens to hear.

    `spans` are by place. Deterministic in seed and epoch (`set_epoch`, which Lightning calls), as
    `ShuffledStarts`.
    """

    def __init__(
        self, spans: dict[int, tuple[int, int]], length: int, batch_size: int, seed: int = 0
    ) -> None:
        self.spans, self.length = spans, length
        self.seed, self.epoch = seed, 0
        self.counts = {place: max(1, (stop - start) // length - 1) for place, (start, stop) in spans.items()}
        self.batches = -(-sum(self.counts.values()) // batch_size)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order and offsets the next iteration gives."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.batches

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        random = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        every: list[tuple[float, int, int]] = []  # when in the epoch, 0 to 1; place; start
        for place, (start, stop) in self.spans.items():
            count = self.counts[place]
            slack = stop - start - count * self.length
            offset = start + int(torch.randint(0, slack + 1, (1,), generator=random))
            order = torch.randperm(count, generator=random)
            when = (torch.arange(count) + torch.rand(count, generator=random)) / count
            starts = (offset + order * self.length).tolist()
            every += zip(when.tolist(), [place] * count, starts, strict=True)
        every.sort()
        parts = torch.arange(len(every)).tensor_split(self.batches)
        yield from ([every[i][1:] for i in part] for part in parts)


class KnobPieces(Dataset[KnobBatch]):
    """A section of every setting from end to end, in pieces of at most `length` samples, batches of one."""

    def __init__(self, segments: KnobSegments, spans: dict[int, tuple[int, int]], length: int) -> None:
        self.whole = segments
        self.pieces = [
            (place, Pieces(segments.segments[place], *span, length), index)
            for place, span in spans.items()
            for index in range(-(-(span[1] - span[0]) // length))
        ]

    def __len__(self) -> int:
        return len(self.pieces)

    def __getitem__(self, index: int) -> KnobBatch:
        place, pieces, number = self.pieces[index]
        return self.whole.batch([place], *pieces[number])
