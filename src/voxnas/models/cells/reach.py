"""Receptive field and delay of a network of cells: the samples of the input that a signal depends on.

A network with rates above 1 repeats itself after as many samples as the largest rate, its period. What a
signal's sample depends on goes by its place in the period, its phase: one entry of an array per phase.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from voxnas.models.cells.layout import Part
from voxnas.models.cells.operations import Operation

Reach = NDArray[np.float64]
Extreme = Callable[..., Reach]  # np.max or np.min


def period(parts: Sequence[Part]) -> int:
    """Period of a network in samples: its largest rate."""
    return max(part.operation.rate for part in parts)


def receptive_field(parts: Sequence[Part]) -> int:
    """Receptive field in samples, the current one included, at the phase that looks back furthest."""
    return 1 + int(_of_output(parts, np.max).max())


def delay_samples(parts: Sequence[Part]) -> int:
    """Age in samples of the newest input that the output has seen, at the phase where it is oldest.

    What comes from a lower rate alone is late by up to a period; what is joined with the full rate is not.
    """
    return int(_of_output(parts, np.min).max())


def starts(parts: Sequence[Part], first: int) -> list[int]:
    """First sample of each signal that can be computed, if the input's sample `first` is its first one.

    Silence is there early enough for whatever is applied to it.
    """
    early = first - 2 * sum(part.operation.past_samples * part.operation.rate for part in parts)
    found = [first]
    for part in parts:
        start = max(found[signal] for signal in part.inputs)
        operation = part.operation
        if operation.kind == "none":
            found.append(early // operation.rate)
        elif operation.kind == "upsample":
            found.append(2 * (start + operation.past_samples))
        else:
            found.append(-(-(start + operation.past_samples) // operation.stride))
    return found


def _of_output(parts: Sequence[Part], extreme: Extreme) -> Reach:
    """Samples that each phase of the output looks back, at most or at least."""
    length = period(parts)
    found: list[tuple[int, Reach]] = [(1, np.zeros(length))]
    for part in parts:
        rate = part.operation.rate
        reaches = [_reach(part.operation, *found[signal], length // rate, extreme) for signal in part.inputs]
        found.append((rate, extreme(reaches, axis=0)))
    return found[-1][1]


def _reach(operation: Operation, rate: int, source: Reach, phases: int, extreme: Extreme) -> Reach:
    """`rate` and `source` are of what the operation is applied to."""
    if operation.kind == "none":  # looks at nothing
        return np.full(phases, -np.inf if extreme is np.max else np.inf)
    n = np.arange(phases)
    if operation.kind == "upsample":
        late, newest = operation.rate * (n % 2), n // 2
    else:
        late, newest = 0 * n, operation.stride * n
    back = [tap * operation.dilation for tap in range(operation.kernel_size)]
    return extreme([late + rate * b + source[(newest - b) % len(source)] for b in back], axis=0)
