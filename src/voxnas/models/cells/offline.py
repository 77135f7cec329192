"""A list of parts over a whole stretch of input at once, "valid" as `Network.forward`."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from voxnas.models.cells.layout import Part
from voxnas.models.cells.operations import Operation, crop, pool
from voxnas.models.cells.reach import receptive_field, starts


class Offline:
    """Runs parts; the output's first sample has phase 0.

    Every signal starts as early as can be and ends with the input, so that convolutions take their source
    as it lies, and only sums and concatenations cut it.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = list(parts)
        self.past = receptive_field(parts) - 1
        self.starts = starts(parts, -self.past)

    def __call__(self, x: Tensor, units: Mapping[str, nn.Module]) -> Tensor:
        """`(batch, 1, samples + past)` to `(batch, 1, samples)`; `units` have the weights by part."""
        last = x.shape[-1] - self.past - 1
        signals = [x.unsqueeze(2).contiguous(memory_format=torch.channels_last)]
        for number, part in enumerate(self.parts, 1):
            operation, start = part.operation, self.starts[number]
            length = last // operation.rate - start + 1
            if operation.kind == "none":
                signals.append(x.new_zeros(x.shape[0], operation.channels, 1, length))
                continue
            begin = start * operation.stride - operation.past_samples  # in samples of its sources
            if operation.kind == "upsample":
                begin = start // 2 - operation.past_samples
            sources = [self._from(signals, signal, begin) for signal in part.inputs]
            signals.append(crop(_apply(operation, sources, units.get(part.name)), 0, length))
        return self._from(signals, len(self.parts), 0).squeeze(2)

    def _from(self, signals: Sequence[Tensor], number: int, begin: int) -> Tensor:
        """A signal from its sample `begin` on."""
        return crop(signals[number], begin - self.starts[number], signals[number].shape[-1])


def _apply(operation: Operation, sources: list[Tensor], unit: nn.Module | None) -> Tensor:
    match operation.kind:
        case "add":
            return torch.stack(sources).sum(0) if len(sources) > 2 else sources[0] + sources[1]
        case "concat":
            return torch.cat(sources, dim=1)
        case "avg_pool" | "max_pool":
            return pool(operation, sources[0])
    assert unit is not None
    result: Tensor = unit(*sources)
    return result
