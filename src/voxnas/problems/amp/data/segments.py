"""Training segments that move from epoch to epoch, and whole sections in pieces."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler


class Segments(Dataset[tuple[Tensor, Tensor]]):
    """Cuts batches of segments out of a pair that is held in memory once.

    An index is a list of start positions; the item is the batch `(input, target)` of shapes
    `(batch, 1, length + context)` and `(batch, 1, length)`, where the context is the input before each
    segment. A network that is late by `delay` samples gets its input so much further on, context and all,
    so that its output is in place. Before the recording's start and after its end there is silence.
    """

    def __init__(self, source: Tensor, target: Tensor, length: int, context: int, delay: int = 0) -> None:
        self.source, self.target = source, target
        self.length, self.context, self.delay = length, context, delay

    def __getitem__(self, starts: list[int]) -> tuple[Tensor, Tensor]:
        at = torch.tensor(starts)
        y = self.target.unfold(0, self.length, 1).index_select(0, at)
        size, before = self.length + self.context, self.context - self.delay
        if min(starts) >= before and max(starts) - before + size <= self.source.numel():
            x = self.source.unfold(0, size, 1).index_select(0, at - before)
        else:
            x = torch.stack([self._input(start - before, size) for start in starts])
        return x.unsqueeze(1), y.unsqueeze(1)

    def _input(self, start: int, size: int) -> Tensor:
        piece = self.source[max(0, start) : max(0, start + size)]
        missing = min(max(0, -start), size)
        return torch.nn.functional.pad(piece, (missing, size - missing - piece.numel()))


class ShuffledStarts(Sampler[list[int]]):
    """Batches of segment starts in `[start, stop)`, shuffled; edges move by a random offset every epoch.

    Deterministic in seed and epoch (`set_epoch`, which Lightning calls). An epoch covers the section without
    overlap but for at most two segments' length, in as few batches as there must be, of about equal size and
    at most `batch_size`.
    """

    def __init__(self, start: int, stop: int, length: int, batch_size: int, seed: int = 0) -> None:
        self.start, self.stop, self.length = start, stop, length
        self.seed, self.epoch = seed, 0
        self.count = max(1, (stop - start) // length - 1)
        self.batches = -(-self.count // batch_size)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order and offset the next iteration gives."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.batches

    def __iter__(self) -> Iterator[list[int]]:
        random = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        slack = self.stop - self.start - self.count * self.length
        offset = int(torch.randint(0, slack + 1, (1,), generator=random))
        order = torch.randperm(self.count, generator=random) * self.length + self.start + offset
        yield from (batch.tolist() for batch in order.tensor_split(self.batches))


class Pieces(Dataset[tuple[Tensor, Tensor]]):
    """A section `[start, stop)` from end to end in pieces of at most `length` samples, as batches of one.

    Together the pieces are the section, so that sums over them are sums over the section.
    """

    def __init__(self, segments: Segments, start: int, stop: int, length: int) -> None:
        self.segments, self.start, self.stop, self.length = segments, start, stop, length

    def __len__(self) -> int:
        return -(-(self.stop - self.start) // self.length)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        start = self.start + index * self.length
        length = min(self.length, self.stop - start)
        whole = self.segments
        return Segments(whole.source, whole.target, length, whole.context, whole.delay)[[start]]
