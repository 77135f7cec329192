"""Learning-rate schedules as functions of how far a run has come.

A run ends at `max_epochs` or at `max_time`, whichever comes first, so progress is the larger share of the
two: the learning rate is down when the run ends on a slow machine, too.
"""

import math
from dataclasses import dataclass
from typing import Protocol


class Schedule(Protocol):
    """The learning rate's factor at a step, and at a progress from 0 to 1."""

    def __call__(self, step: int, progress: float) -> float: ...


@dataclass(frozen=True)
class Cosine:
    """Linear warm-up over `warmup_steps`, then half a cosine to `final` (Loshchilov and Hutter, 2017)."""

    warmup_steps: int = 50
    final: float = 0.01

    def __call__(self, step: int, progress: float) -> float:
        warmup = min(1.0, (step + 1) / max(1, self.warmup_steps))
        cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
        return warmup * (self.final + (1 - self.final) * cosine)


@dataclass(frozen=True)
class Exponential:
    """Linear warm-up over `warmup_steps`, then exponentially down to `final` at the end of the run."""

    warmup_steps: int = 50
    final: float = 0.01

    def __call__(self, step: int, progress: float) -> float:
        warmup = min(1.0, (step + 1) / max(1, self.warmup_steps))
        return float(warmup * self.final ** min(1.0, progress))
