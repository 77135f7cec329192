"""Knobs of a set: their ranges, and how a byte stands for a value."""

from dataclasses import dataclass
from typing import Any

import numpy as np

LEVELS = 255  # the largest byte


@dataclass(frozen=True)
class Knob:
    """A number that differs from image to image.

    Args:
        name: such as "drive".
        low, high: its range.
        step: of the grid of its classes; values lie between them too.
    """

    name: str
    low: float
    high: float
    step: float

    @property
    def classes(self) -> int:
        """Points of its grid."""
        return round((self.high - self.low) / self.step) + 1

    @property
    def span(self) -> float:
        """From its lowest to its highest value."""
        return self.high - self.low

    @property
    def grid(self) -> np.ndarray:
        """Values of its classes, `(classes,)`; the last may lie beyond the range by less than a step."""
        return self.low + self.step * np.arange(self.classes)

    def encode(self, values: Any) -> np.ndarray:
        """Bytes of values: truncated, as the format has it."""
        shares = LEVELS * (np.asarray(values, dtype=np.float64) - self.low) / self.span
        return np.clip(shares.astype(np.int64), 0, LEVELS).astype(np.uint8)

    def decode(self, levels: Any) -> np.ndarray:
        """Values of bytes."""
        values: np.ndarray = self.low + np.asarray(levels, dtype=np.float64) / LEVELS * self.span
        return values

    def class_of(self, values: Any) -> np.ndarray:
        """The nearest points of the grid, halves to the even one."""
        nearest = np.round((np.asarray(values, dtype=np.float64) - self.low) / self.step)
        return np.clip(nearest, 0, self.classes - 1).astype(np.int64)

    def text(self, value: float) -> str:
        """A value as a reader would write it."""
        return f"{value:.4g}"
