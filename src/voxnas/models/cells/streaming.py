"""A list of parts block by block.

The state is the place in the period, and for each part that looks back the last samples of what it takes.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from voxnas.models.base import State
from voxnas.models.cells.layout import Part
from voxnas.models.cells.operations import Operation, convolve, pool
from voxnas.models.cells.reach import period

Weights = Mapping[str, tuple[Tensor, Tensor | None]]  # by part: of convolutions and upsamplings


class Streaming:
    """Plays parts; `kept` says how many samples of its source each part wants from before the block."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = list(parts)
        self.period = period(parts)
        self.rates = [1, *(part.operation.rate for part in parts)]
        # An upsampling's second phase may come a block later than what it is computed from.
        self.kept = [p.operation.past_samples + (p.operation.kind == "upsample") for p in parts]

    def empty(self, batch: int, like: Tensor) -> State:
        """Zeros of the kind of `like`."""
        past = [
            like.new_zeros(batch, part.operation.inputs, 1, kept)
            for part, kept in zip(self.parts, self.kept, strict=True)
            if kept
        ]
        return [torch.zeros((), dtype=torch.int64), *past]

    def __call__(self, x: Tensor, state: State, weights: Weights) -> tuple[Tensor, State]:
        """`(batch, 1, samples)` and a state to as many samples and the next state."""
        now = int(state[0])
        end = now + x.shape[-1]
        spans = {rate: (-(-now // rate), -(-end // rate)) for rate in set(self.rates)}
        pasts, after = iter(state[1:]), [torch.tensor(end % self.period)]
        signals = [x.unsqueeze(2)]
        for part, kept in zip(self.parts, self.kept, strict=True):
            sources = [signals[signal] for signal in part.inputs]
            if kept:
                sources = [torch.cat([next(pasts), sources[0]], dim=-1)]
                after.append(sources[0][..., sources[0].shape[-1] - kept :])
            source_span, span = spans[self.rates[part.inputs[0]]], spans[part.operation.rate]
            signals.append(_apply(part, sources, source_span[0] - kept, span, weights))
        return signals[-1].squeeze(2), after


def _apply(part: Part, sources: list[Tensor], begin: int, span: tuple[int, int], weights: Weights) -> Tensor:
    """Samples `span` of the result; the sources' first is sample `begin`."""
    operation, source = part.operation, sources[0]
    match operation.kind:
        case "add":
            return torch.stack(sources).sum(0)
        case "concat":
            return torch.cat(sources, dim=1)
    start, stop = span
    if start == stop:
        return source.new_zeros(source.shape[0], operation.channels, 1, 0)
    if operation.kind == "upsample":
        first = start // 2  # the sample of the source that is the newest tap of the first result
        y = _weighted(operation, source[..., first - operation.past_samples - begin :], weights[part.name])
        return y[..., start - 2 * first :][..., : stop - start]
    source = source[..., operation.stride * start - operation.past_samples - begin :]
    match operation.kind:
        case "avg_pool" | "max_pool":
            return pool(operation, source)
        case "none":
            return torch.zeros_like(source[..., :: operation.stride])
    return _weighted(operation, source, weights[part.name])


def _weighted(operation: Operation, x: Tensor, weights: tuple[Tensor, Tensor | None]) -> Tensor:
    y = convolve(operation, x, *weights)
    return functional.relu(y) if operation.relu else y
