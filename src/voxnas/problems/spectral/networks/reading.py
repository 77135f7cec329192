"""What a network of images reads and tells, known from the data: sizes, scales, a head for each knob."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

STEPS, VALUE = "steps", "value"
HEADS = (STEPS, VALUE)


@dataclass(frozen=True)
class Reading:
    """Input and output of a network, as plain values.

    Args:
        channels, height, width: of the images.
        levels: of the channels, which are levels in dB, each image with its own scale.
        low, high: means over the training images of what bytes 0 and 255 stand for, in dB.
        spread: the standard deviation of those.
        heads: outputs for each knob: the points of its grid, or one.
    """

    channels: int
    height: int
    width: int
    levels: tuple[int, ...]
    low: float
    high: float
    spread: float
    heads: tuple[int, ...]

    def as_values(self) -> dict[str, Any]:
        """Plain values, as a record keeps them."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Reading":
        """The opposite of `as_values`."""
        given: dict[str, Any] = {k: tuple(v) if isinstance(v, Sequence) else v for k, v in values.items()}
        return cls(**given)
